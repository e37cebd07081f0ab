package io.github.pgwatchrpc.server;

/** What a caller has to show. */
enum Auth {
    /** A key. */
    KEY,
    /** A client certificate of the authorities given; who has none, a key. */
    CERTIFICATE,
    /** Nothing. */
    NONE
}
