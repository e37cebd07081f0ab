package io.github.pgwatchrpc.benchmarks;

import io.github.pgwatchrpc.rpc.Credentials;
import io.github.pgwatchrpc.rpc.DeniedException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.auth.ApiKey;
import io.github.pgwatchrpc.rpc.auth.FailureLimits;
import io.github.pgwatchrpc.rpc.auth.KeyAuthenticator;
import io.github.pgwatchrpc.rpc.auth.KeyFileException;
import io.github.pgwatchrpc.rpc.auth.KeyHash;
import io.github.pgwatchrpc.rpc.auth.NamedKey;
import io.github.pgwatchrpc.rpc.auth.ReloadingKeys;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
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

/**
 * Whether the time of a check tells how much of a key is right: keys that share so many of their 32 leading bytes with the
 * good one. The distributions must be the same; with 32 the key is the good one, and its answer another one.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgs = {"-XX:+UseSerialGC", "-Xms256m", "-Xmn128m"})
public class KeyCheckBenchmark {

    private static final RpcPeer PEER = () -> new InetSocketAddress(0);

    /** How many leading bytes are right. */
    @Param({"0", "8", "16", "24", "31", "32"})
    public int shared;

    private KeyHash good = KeyHash.of("");
    private Credentials shown = Credentials.none("");
    private KeyAuthenticator authenticator = authenticator(good);

    /** For JMH. */
    public KeyCheckBenchmark() {}

    /** Makes both keys. */
    @Setup
    public void setUp() {
        byte[] bits = new byte[32];
        new SecureRandom().nextBytes(bits);
        byte[] other = bits.clone();
        for (int i = shared; i < other.length; i++) {
            other[i] ^= (byte) 0x5a;
        }
        good = key(bits).hash();
        shown = new Credentials(
                "", Credentials.Source.PASSWORD, "", List.of(key(other).text()));
        authenticator = authenticator(good);
    }

    private static ApiKey key(byte[] bits) {
        return ApiKey.generate(new SecureRandom() {
            private static final long serialVersionUID = 1;

            @Override
            public void nextBytes(byte[] bytes) {
                System.arraycopy(bits, 0, bytes, 0, bytes.length);
            }
        });
    }

    private static KeyAuthenticator authenticator(KeyHash good) {
        FailureLimits patient = new FailureLimits(
                Integer.MAX_VALUE,
                Duration.ZERO,
                Duration.ZERO,
                Duration.ZERO,
                Duration.ZERO,
                Integer.MAX_VALUE,
                Duration.ZERO,
                Duration.ofNanos(1),
                1);
        try {
            List<NamedKey> keys = List.of(NamedKey.unlimited("key", good, NamedKey.Users.ANY));
            return KeyAuthenticator.builder(new ReloadingKeys(List.of(() -> keys)))
                    .limits(patient)
                    .build();
        } catch (KeyFileException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * What is shown against the good key: the only place that knows both.
     *
     * @return whether they are the same
     */
    @Benchmark
    public boolean compare() {
        return good.matches(KeyHash.of(shown.keys().get(0)));
    }

    /**
     * The whole decision.
     *
     * @return what came of it
     */
    @Benchmark
    public Object decide() {
        try {
            return authenticator.admit(shown, PEER, null);
        } catch (DeniedException e) {
            return e;
        }
    }
}
