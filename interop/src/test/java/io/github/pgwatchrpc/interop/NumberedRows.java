package io.github.pgwatchrpc.interop;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcClient;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcLimits;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcServer;
import io.github.pgwatchrpc.rpc.pgwatch.EnvelopeEncoder;
import io.github.pgwatchrpc.rpc.pgwatch.Receiver;
import io.github.pgwatchrpc.rpc.pgwatch.ReceiverMethods;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.BitSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** Rows numbered from 0 on, in large envelopes, and a receiver to relay them to that counts which it got how often. */
final class NumberedRows {

    /** The column with a row's number. */
    static final String NUMBER = "seq_no";

    private NumberedRows() {}

    static MeasurementEnvelope envelope(long from, int rows, String padding) {
        EnvelopeBuilder builder =
                new EnvelopeBuilder().database("db").metric("numbered").customTag("a", "b");
        for (long n = from; n < from + rows; n++) {
            builder.beginRow();
            builder.putLong(builder.column("epoch_ns"), 1_700_000_000_000_000_000L + n);
            builder.putLong(builder.column(NUMBER), n);
            builder.putText(builder.column("padding"), padding);
            builder.endRow();
        }
        return builder.build();
    }

    /** Sends envelopes to a receiver over net/rpc, one after the other. */
    static final class Sender implements AutoCloseable {
        private final NetRpcClient client;
        private final NetRpcClient.Method<MeasurementEnvelope, String> update;

        Sender(ServerProcess server) throws IOException {
            int colon = server.address().lastIndexOf(':');
            client = NetRpcClient.builder(new InetSocketAddress(
                            InetAddress.getLoopbackAddress(),
                            Integer.parseInt(server.address().substring(colon + 1))))
                    .connect();
            update = client.method(
                    "Receiver.UpdateMeasurements",
                    () -> {
                        EnvelopeEncoder[] encoder = new EnvelopeEncoder[1];
                        return (envelope, writer) -> {
                            if (encoder[0] == null) {
                                encoder[0] = new EnvelopeEncoder(writer, null);
                            }
                            encoder[0].encode(envelope);
                        };
                    },
                    String.class);
        }

        /** Returns when it has been acknowledged. */
        void send(MeasurementEnvelope envelope) throws IOException {
            update.call(envelope);
        }

        @Override
        public void close() {
            client.close();
        }
    }

    /** A target of the relay, which may be a slow one. */
    static final class Target implements Receiver, AutoCloseable {
        private final double rowsPerSecond;
        private final BitSet seen = new BitSet();
        private final RpcListener listener;
        private long again;
        private long rows;

        Target() throws IOException {
            this(Double.POSITIVE_INFINITY);
        }

        /**
         * A target that takes so long for its answers.
         *
         * @param rowsPerSecond 0: it never answers
         */
        Target(double rowsPerSecond) throws IOException {
            this.rowsPerSecond = rowsPerSecond;
            NetRpcServer server = ReceiverMethods.add(
                            NetRpcServer.builder().limits(NetRpcLimits.DEFAULT), this, () -> 0L)
                    .build();
            listener = RpcListener.builder()
                    .protocol(Protocol.HTTP_CONNECT, server.overHttp())
                    .protocol(Protocol.GOB, server.raw())
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        }

        /** As a sink with a name. */
        String sink(String name) {
            return name + "=rpc://127.0.0.1:" + listener.address().getPort();
        }

        @Override
        public CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer) {
            count(envelope);
            CompletableFuture<String> answer = new CompletableFuture<>();
            if (rowsPerSecond == Double.POSITIVE_INFINITY) {
                answer.complete("");
            } else if (rowsPerSecond > 0) {
                answer.completeOnTimeout("", (long) (envelope.size() / rowsPerSecond * 1e9), TimeUnit.NANOSECONDS);
            }
            return answer;
        }

        private synchronized void count(MeasurementEnvelope envelope) {
            for (Measurement row : envelope.rows()) {
                int number = (int) row.longValue(row.find(NUMBER));
                rows++;
                if (seen.get(number)) {
                    again++;
                }
                seen.set(number);
            }
        }

        /** Rows that arrived, the same one more than once. */
        synchronized long rows() {
            return rows;
        }

        /** Rows that arrived more than once, each time after the first. */
        synchronized long again() {
            return again;
        }

        /** The lowest number that has not arrived. */
        synchronized int firstMissing() {
            return seen.nextClearBit(0);
        }

        @Override
        public CompletionStage<String> syncMetric(SyncMetric sync, RpcPeer peer) {
            return CompletableFuture.completedFuture("");
        }

        @Override
        public void close() {
            listener.close();
        }
    }
}
