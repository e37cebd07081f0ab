package io.github.pgwatchrpc.sink.relay;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Calls a receiver, in one of its protocols. It connects when it is first called, and again after a connection was lost.
 * What comes of a call is the receiver's text or a failure that {@link Answer} understands. Thread-safe.
 */
interface Link extends AutoCloseable {

    /** Makes links. */
    @FunctionalInterface
    interface Opener {
        /**
         * Makes a link; connects to nothing yet.
         *
         * @throws IOException if a file of the destination is wrong
         */
        Link open(Destination destination) throws IOException;
    }

    /** Asks whether a receiver is there that takes the key. */
    CompletableFuture<String> ping();

    CompletableFuture<String> update(MeasurementEnvelope envelope);

    CompletableFuture<String> sync(SyncMetric sync);

    /** Hands definitions over, as {@link io.github.pgwatchrpc.sink.Sink#define} gets them. */
    CompletableFuture<String> define(Map<String, @Nullable Object> definitions);

    /** Fails the calls that are under way. */
    @Override
    void close();
}
