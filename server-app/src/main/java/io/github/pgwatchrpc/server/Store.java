package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import java.io.IOException;
import java.util.List;

/** Where accepted envelopes are made safe. Called by one thread at a time; may block. */
interface Store extends AutoCloseable {

    /**
     * Stores envelopes, in their order. When it returns they are as safe as was promised.
     *
     * @throws IOException if none of them was stored; the message is for pgwatch's log
     */
    void write(List<MeasurementEnvelope> envelopes) throws IOException;

    /** Whether the last attempt to store succeeded, or there was none. */
    boolean isHealthy();

    @Override
    void close() throws IOException;
}
