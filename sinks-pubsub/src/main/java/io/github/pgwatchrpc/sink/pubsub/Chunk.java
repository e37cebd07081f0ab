package io.github.pgwatchrpc.sink.pubsub;

import com.google.pubsub.v1.PublishRequest;

/**
 * A request, and which rows are in it. The service takes all of a request or nothing.
 *
 * @param request the request, within the service's limits
 * @param rows numbers of its rows in the batch, ascending
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Chunk(PublishRequest request, int[] rows) {}
