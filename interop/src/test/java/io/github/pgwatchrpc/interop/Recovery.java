package io.github.pgwatchrpc.interop;

import java.io.IOException;

/** Waits until a sink writes, also after its target has come back. */
final class Recovery {

    private Recovery() {}

    /**
     * Waits until the sink has written more than now.
     *
     * @param rows so many more
     * @return seconds from now
     */
    static double awaitMore(ServerProcess server, String sink, int rows) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        server.awaitAtLeast(
                "pgwatch_rpc_sink_rows_delivered{sink=\"" + sink + "\"}", server.rows(sink, "delivered") + rows);
        return (System.nanoTime() - begin) / 1e9;
    }
}
