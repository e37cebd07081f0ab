/**
 * The HTTP transport that sinks share, on the JDK's client: {@link io.github.pgwatchrpc.sink.http.HttpTransport} sends a
 * request to one of several endpoints and turns whatever goes wrong into an {@link io.github.pgwatchrpc.sink.Outcome}, so
 * that a sink only has to write its requests and to read the answers of success. It depends on the sink's contract alone;
 * sinks call it.
 */
@NullMarked
package io.github.pgwatchrpc.sink.http;

import org.jspecify.annotations.NullMarked;
