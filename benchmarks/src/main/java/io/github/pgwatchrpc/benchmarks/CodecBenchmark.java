package io.github.pgwatchrpc.benchmarks;

import io.github.pgwatchrpc.measurement.JsonWriter;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobIncompleteException;
import io.github.pgwatchrpc.rpc.gob.GobLimits;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import io.github.pgwatchrpc.rpc.gob.GobTypes;
import io.github.pgwatchrpc.rpc.gob.GobWriter;
import io.github.pgwatchrpc.rpc.pgwatch.EnvelopeDecoder;
import io.github.pgwatchrpc.rpc.pgwatch.EnvelopeEncoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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

/** What an envelope costs: to decode from gob (and to look for keys), to encode in gob, to write as pgwatch's JSON line. Divide by the rows. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgs = {"-XX:+UseSerialGC", "-Xms256m", "-Xmn128m"})
public class CodecBenchmark {

    /** Rows in the envelope, of 18 columns each. */
    @Param({"1", "10", "100", "1000"})
    public int rows;

    private final GobTypes types = new GobTypes(GobLimits.DEFAULT);
    private final GobReader reader = new GobReader(GobLimits.DEFAULT);
    private final EnvelopeDecoder decoder = new EnvelopeDecoder(System::nanoTime);
    private final GobWriter writer = new GobWriter();
    private final EnvelopeEncoder encoder = new EnvelopeEncoder(writer);
    private final JsonWriter json = new JsonWriter();
    private MeasurementEnvelope envelope = Rows.envelope(1);
    private byte[] message = {};

    /** For JMH. */
    public CodecBenchmark() {}

    /**
     * Encodes once, and teaches the decoder the types.
     *
     * @throws GobException if the encoder wrote what the decoder cannot read
     */
    @Setup
    public void encodeOnce() throws GobException {
        envelope = Rows.envelope(rows);
        encoder.encode(envelope);
        for (byte[] each : messages(Arrays.copyOf(writer.array(), writer.size()))) {
            reader.reset(each, 0, each.length);
            try {
                types.readTypeSequence(reader, false);
                message = each;
            } catch (GobIncompleteException e) {
                // it defined a type
            }
        }
        if (!decode().equals(envelope)) {
            throw new IllegalStateException("decoded is not what was encoded");
        }
    }

    private static List<byte[]> messages(byte[] stream) {
        List<byte[]> messages = new ArrayList<>();
        int position = 0;
        while (position < stream.length) {
            int length = stream[position++];
            if (length < 0) {
                int bytes = -length;
                length = 0;
                for (int i = 0; i < bytes; i++) {
                    length = (length << 8) | (stream[position++] & 0xff);
                }
            }
            messages.add(Arrays.copyOfRange(stream, position, position + length));
            position += length;
        }
        return messages;
    }

    /**
     * From gob to the model.
     *
     * @return the envelope
     * @throws GobException never
     */
    @Benchmark
    public MeasurementEnvelope decode() throws GobException {
        reader.reset(message, 0, message.length);
        return decoder.decode(reader, types, types.readTypeSequence(reader, false));
    }

    /**
     * From gob to what may be kept: the envelope is looked through for keys, of which there are none.
     *
     * @return the envelope
     * @throws GobException never
     */
    @Benchmark
    public MeasurementEnvelope decodeWithoutKeys() throws GobException {
        return decode().withoutKeys();
    }

    /**
     * From the model to gob.
     *
     * @return bytes written
     */
    @Benchmark
    public int encode() {
        writer.truncate(0);
        encoder.encode(envelope);
        return writer.size();
    }

    /**
     * From the model to a JSON line.
     *
     * @return bytes written
     */
    @Benchmark
    public int json() {
        return json.clear().line(envelope).length();
    }
}
