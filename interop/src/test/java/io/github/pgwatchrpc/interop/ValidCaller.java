package io.github.pgwatchrpc.interop;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.gob.GobDecoder;
import io.github.pgwatchrpc.rpc.gob.GobEncoder;
import io.github.pgwatchrpc.rpc.gob.GobUnsigned;
import io.github.pgwatchrpc.rpc.gob.GobWriter;
import io.github.pgwatchrpc.rpc.grpc.GrpcClient;
import io.github.pgwatchrpc.rpc.grpc.pgwatch.ReceiverClient;
import io.github.pgwatchrpc.rpc.pgwatch.EnvelopeEncoder;
import io.github.pgwatchrpc.rpc.tls.ClientTls;
import io.github.pgwatchrpc.rpc.tls.TlsException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A pgwatch with the right key, one call at a time. Its calls throw when they are refused, or take longer than a bound. */
interface ValidCaller extends Closeable {

    /** So long may a call take, and a connection that is being made: {@value} s. */
    int PATIENCE_SECONDS = 5;

    void call(MeasurementEnvelope envelope) throws IOException;

    /** What a pgwatch sends most, and now and then something that does not come in one piece. */
    static MeasurementEnvelope envelope(String key, long number, int rows) {
        EnvelopeBuilder builder = new EnvelopeBuilder().database("shop").metric("db_stats");
        if (!key.isEmpty()) {
            builder.customTag("pgwatch_rpc_key", key);
        }
        for (int i = 0; i < rows; i++) {
            builder.beginRow();
            builder.putLong(builder.column("epoch_ns"), 1_700_000_000_000_000_000L + number);
            builder.putLong(builder.column("seq_no"), number);
            builder.putText(
                    builder.column("text"), "a text as long as those of statements often are, or a little less long");
            builder.endRow();
        }
        return builder.build();
    }

    /**
     * A pgwatch v3 as it is: it shows its key by a custom tag, and does not connect again. In TLS it speaks without a preamble,
     * as v3.7 does.
     */
    final class V3 implements ValidCaller {

        /** Go's {@code rpc.Request} and {@code rpc.Response}. */
        record Request(String ServiceMethod, @GobUnsigned long Seq) {}

        record Response(String ServiceMethod, @GobUnsigned long Seq, String Error) {}

        record SyncReq(String DbName, String MetricName, int Operation) {}

        private final Socket socket;
        private final GobEncoder values = new GobEncoder();
        private final GobWriter writer = new GobWriter();
        private final EnvelopeEncoder envelopes = new EnvelopeEncoder(writer);
        private final GobDecoder answers;
        private long seq;

        V3(Socket socket, boolean connect) throws IOException {
            this.socket = socket;
            socket.setSoTimeout(PATIENCE_SECONDS * 1_000);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            if (connect) {
                socket.getOutputStream().write(GobBytes.connect());
                String status = line(in);
                line(in);
                if (!status.equals("HTTP/1.0 200 Connected to Go RPC")) {
                    throw new IOException("unexpected HTTP response: " + status);
                }
            }
            answers = new GobDecoder(in);
        }

        private static String line(InputStream in) throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int each = in.read(); each != '\n'; each = in.read()) {
                if (each < 0) {
                    throw new IOException("closed by the receiver");
                }
                line.write(each);
            }
            return line.toString(StandardCharsets.US_ASCII).strip();
        }

        @Override
        public void call(MeasurementEnvelope envelope) throws IOException {
            values.encode(new Request("Receiver.UpdateMeasurements", seq));
            ByteArrayOutputStream call = new ByteArrayOutputStream();
            values.writeTo(call);
            envelopes.encode(envelope);
            writer.writeTo(call);
            socket.getOutputStream().write(call.toByteArray());
            answer();
        }

        /** Its first call is one that cannot show a key: it is refused, and pgwatch goes on. */
        void sync() throws IOException {
            values.encode(new Request("Receiver.SyncMetric", seq));
            values.encode(new SyncReq("shop", "db_stats", 0));
            ByteArrayOutputStream call = new ByteArrayOutputStream();
            values.writeTo(call);
            socket.getOutputStream().write(call.toByteArray());
            try {
                answer();
            } catch (RefusedException e) {
                // as expected
            }
        }

        private void answer() throws IOException {
            Response response = answers.decode(Response.class);
            answers.skip();
            if (response.Seq() != seq++) {
                throw new IOException("an answer to another call: " + response);
            } else if (!response.Error().isEmpty()) {
                throw new RefusedException(response.Error());
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /** The answer to a call is an error. */
    final class RefusedException extends IOException {
        private static final long serialVersionUID = 1;

        RefusedException(String text) {
            super(text);
        }
    }

    /** A pgwatch v5: gRPC, with its key as a password in each call. */
    final class V5 implements ValidCaller {
        private final GrpcClient client;
        private final ReceiverClient receiver;

        V5(int port, String key, @Nullable ClientTls tls) throws IOException, TlsException {
            GrpcClient.Builder builder = GrpcClient.builder(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                    .connectTimeout(Duration.ofSeconds(PATIENCE_SECONDS))
                    .callTimeout(Duration.ofSeconds(PATIENCE_SECONDS));
            if (tls != null) {
                builder.tls(tls.offering("h2").context());
            }
            client = builder.connect();
            receiver = new ReceiverClient(client, "pgwatch", key);
        }

        @Override
        public void call(MeasurementEnvelope envelope) throws IOException {
            receiver.update(envelope);
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
