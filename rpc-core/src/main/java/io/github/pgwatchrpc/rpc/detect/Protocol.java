package io.github.pgwatchrpc.rpc.detect;

/** What a connection may begin with. */
public enum Protocol {
    /** A TLS handshake record; what is inside must be detected again. */
    TLS,
    /** Go's net/rpc over HTTP: {@code CONNECT /_goRPC_}. */
    HTTP_CONNECT,
    /** HTTP/2 with prior knowledge, as gRPC without TLS begins. */
    HTTP2,
    /** Another HTTP/1 request: somebody's browser or health check. */
    HTTP,
    /** A proxy's header about whom it speaks for, of the PROXY protocol's version 1 or 2; what follows cannot be told. */
    PROXY,
    /** gob straight away: Go's net/rpc without the HTTP preamble. */
    GOB
}
