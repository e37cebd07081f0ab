package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.tls.ClientCertificates;
import io.github.pgwatchrpc.rpc.tls.TlsException;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "demo",
        description =
                "Runs the receiver together with a generator of realistic pgwatch traffic: ten databases with their "
                        + "usual metrics, over gRPC and net/rpc inside TLS, into the sink. Prints rates, and where to look.")
final class DemoCommand implements Callable<Integer> {

    private static final int DATABASES = 10;

    /** Calls of each database a second: busier than a real one, calm enough for any disk. */
    private static final int CALLS_A_SECOND = 20;

    /** Whoever looks at the demo wants to find in the file what was counted; a sink that is away must not keep it. */
    private static final Duration DELIVERY_PATIENCE = Duration.ofSeconds(30);

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "0",
            description = "stop after so many seconds; 0: when stopped by Ctrl-C (default: ${DEFAULT-VALUE})")
    private int seconds;

    @Mixin
    private ServeOptions options = new ServeOptions();

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway") // picocli sets the specification
    DemoCommand() {}

    @Override
    public Integer call() throws ConfigException, InterruptedException {
        if (seconds < 0) {
            throw new ConfigException("--seconds: " + seconds + " (expected: >= 0)", "0 runs until Ctrl-C");
        }
        boolean inTls = options.tlsCert == null
                && (options.tlsClientCa == null || options.tlsClientAuth == ClientCertificates.OPTIONAL);
        if (!inTls && options.plaintext == Plaintext.NEVER) {
            throw new ConfigException(
                    "--plaintext never: the demo's own clients cannot speak TLS (they trust the receiver's own authority "
                            + "alone and have no certificates)",
                    "leave out --plaintext never, or --tls-cert and --tls-client-ca");
        }
        Logs.configure(options.logLevel, options.logFormat);
        Server server = Server.start(options);
        List<Target> targets = targets(server, inTls);
        PrintWriter out = spec.commandLine().getOut();
        CountDownLatch stop = new CountDownLatch(1);
        CountDownLatch connected = new CountDownLatch(DATABASES);
        Traffic traffic = new Traffic();
        List<Thread> sources = new ArrayList<>();
        // Ctrl-C ends as the time does: no more calls, then the server stores what it has accepted
        Thread hook = new Thread(() -> {
            stop.countDown();
            join(sources);
            server.close();
        });
        Runtime.getRuntime().addShutdownHook(hook);
        ServeCommand.print(spec.commandLine(), server);
        out.println(DATABASES + " databases send " + SampleTraffic.metrics().size()
                + " metrics, half of them over gRPC, half over net/rpc, " + (inTls ? "inside TLS" : "without TLS")
                + (seconds > 0 ? " for " + seconds + " s" : "; Ctrl-C stops"));
        out.flush();
        for (int i = 1; i <= DATABASES; i++) {
            SampleTraffic sample = new SampleTraffic(i);
            Target target = targets.get(i % targets.size());
            Thread source = new Thread(() -> run(target, sample, traffic, connected, stop), sample.database());
            sources.add(source);
            source.start();
        }
        connected.await(); // the first handshakes of a process take a while
        Progress progress = new Progress(out, traffic);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (stop.getCount() > 0 && (seconds == 0 || System.nanoTime() < end)) {
            boolean stopped = stop.await(1, TimeUnit.SECONDS);
            if (!stopped) {
                progress.show();
            }
        }
        stop.countDown();
        join(sources);
        progress.end();
        boolean delivered = server.awaitDelivered(DELIVERY_PATIENCE);
        long waiting = server.waitingRows();
        server.close();
        out.printf(
                "%,d rows were acknowledged, %,d rows were stored%n",
                traffic.rows(), server.metrics().storedRows());
        if (!delivered) {
            out.printf("%,d rows have not been delivered yet: they wait in the spool for the next start%n", waiting);
        }
        server.places().forEach(sink -> out.println("look at them in " + sink));
        out.flush();
        return traffic.failed() == 0 && traffic.rows() == server.metrics().storedRows() && delivered
                ? ExitCode.FINE
                : ExitCode.FAILED;
    }

    /** One of each protocol. */
    private static List<Target> targets(Server server, boolean inTls) throws ConfigException {
        InetSocketAddress address = Addresses.local(server.address());
        List<Target> targets = new ArrayList<>();
        try {
            for (Target.Protocol protocol : Target.Protocol.values()) {
                SslContext tls = inTls
                        ? protocol.trusting(
                                server.tls().authority().orElseThrow().file())
                        : null;
                String key = server.access().key();
                Target target = Target.of(protocol, address, tls);
                targets.add(key == null ? target : target.withKey(key));
            }
            return targets;
        } catch (TlsException e) {
            server.close();
            throw new ConfigException("TLS: " + e.getMessage(), e.hint(), e);
        }
    }

    private static void run(
            Target target, SampleTraffic sample, Traffic traffic, CountDownLatch connected, CountDownLatch stop) {
        try (Traffic.Client client = connect(target)) {
            connected.countDown();
            long pause = 1_000_000_000L / CALLS_A_SECOND;
            long next = System.nanoTime();
            do {
                traffic.call(client, sample.next(System.currentTimeMillis() * 1_000_000));
                next += pause;
            } while (!stop.await(Math.max(0, next - System.nanoTime()), TimeUnit.NANOSECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Traffic.Client connect(Target target) {
        try {
            return target.connect(null);
        } catch (IOException e) {
            return new Broken(e);
        }
    }

    /** Says at each call what kept a source from connecting. */
    private record Broken(IOException why) implements Traffic.Client {
        @Override
        public void send(MeasurementEnvelope envelope) throws IOException {
            throw why;
        }

        @Override
        public void close() {}
    }

    private static void join(List<Thread> threads) {
        for (Thread thread : threads) {
            try {
                thread.join(5_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
