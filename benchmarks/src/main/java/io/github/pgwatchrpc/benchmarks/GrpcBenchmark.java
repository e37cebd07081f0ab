package io.github.pgwatchrpc.benchmarks;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.grpc.pgwatch.EnvelopeDecoder;
import io.github.pgwatchrpc.rpc.grpc.pgwatch.EnvelopeEncoder;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.pgwatch.ModelLimits;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What an envelope of gRPC costs: to decode from protobuf, to encode in it. Divide by the rows. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgs = {"-XX:+UseSerialGC", "-Xms256m", "-Xmn128m"})
public class GrpcBenchmark {

    /** Rows in the envelope, of 18 columns each. */
    @Param({"1", "10", "100", "1000"})
    public int rows;

    private final EnvelopeBuilder builder = new EnvelopeBuilder();
    private final EnvelopeDecoder decoder = new EnvelopeDecoder(() -> builder, System::nanoTime, ModelLimits.DEFAULT);
    private final ProtoReader reader = new ProtoReader();
    private final EnvelopeEncoder encoder = new EnvelopeEncoder();
    private MeasurementEnvelope envelope = Rows.envelope(1);
    private byte[] message = {};

    /** For JMH. */
    public GrpcBenchmark() {}

    /**
     * Encodes once.
     *
     * @throws ProtoException if the encoder wrote what the decoder cannot read
     */
    @Setup
    public void encodeOnce() throws ProtoException {
        envelope = Rows.envelope(rows);
        message = encoder.encode(envelope);
        // integers come back as doubles, so what was decoded is compared once it has been through
        MeasurementEnvelope decoded = decode();
        message = encoder.encode(decoded);
        if (decoded.size() != rows || !decode().equals(decoded)) {
            throw new IllegalStateException("decoded is not what was encoded");
        }
    }

    /**
     * From protobuf to the model.
     *
     * @return the envelope
     * @throws ProtoException never
     */
    @Benchmark
    public MeasurementEnvelope decode() throws ProtoException {
        reader.reset(message, 0, message.length);
        return decoder.decode(reader);
    }

    /**
     * From the model to protobuf.
     *
     * @return the message
     */
    @Benchmark
    public byte[] encode() {
        return encoder.encode(envelope);
    }
}
