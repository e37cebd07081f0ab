package io.github.pgwatchrpc.server;

/** What becomes of the receiver's own key at a start. */
enum ApiKeyMode {
    /** Another one takes its place. */
    NEW,
    /** It stays, if there is one. */
    KEEP
}
