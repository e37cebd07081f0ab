package io.github.pgwatchrpc.rpc.auth;

/** What a text turns out to be that should be a key: an {@link ApiKey}, or a {@link KeyFlaw}. */
public sealed interface KeyReading permits ApiKey, KeyFlaw {}
