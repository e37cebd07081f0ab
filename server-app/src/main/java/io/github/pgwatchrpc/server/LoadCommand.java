package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.log.PeerText;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "load",
        description =
                "Sends as many measurements as a receiver takes, one call at a time on each connection, and prints "
                        + "calls/s, rows/s, how long answers took, and errors.")
final class LoadCommand implements Callable<Integer> {

    /** Without a connection calls fail at once; that is not worth counting as fast as it goes. */
    private static final long PAUSE_NANOS = 10_000_000;

    @Option(
            names = "--to",
            paramLabel = "URI",
            required = true,
            description =
                    "the receiver: grpc://NAME:KEY@HOST:PORT/ as pgwatch 4 and later, rpc://HOST:PORT?token=KEY as version "
                            + "3; with ?sslrootca=FILE for TLS")
    private String to = "";

    @Option(names = "--key-file", paramLabel = "FILE", description = "the file of a key, such as DATA/api-key")
    @Nullable
    private Path keyFile;

    @Option(names = "--connections", paramLabel = "N", defaultValue = "4", description = "(default: ${DEFAULT-VALUE})")
    private int connections = 4;

    @Option(
            names = "--rows",
            paramLabel = "N",
            defaultValue = "10",
            description = "rows a call (default: ${DEFAULT-VALUE})")
    private int rows = 10;

    @Option(names = "--seconds", paramLabel = "N", defaultValue = "10", description = "(default: ${DEFAULT-VALUE})")
    private int seconds = 10;

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "calls a second, of all connections together; 0: as many as the receiver takes (default: ${DEFAULT-VALUE})")
    private int rate;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway") // picocli sets the specification
    LoadCommand() {}

    @Override
    public Integer call() throws ConfigException, InterruptedException {
        requireInRange("--connections", connections, 10_000);
        requireInRange("--rows", rows, 100_000);
        requireInRange("--seconds", seconds, 86_400);
        requireInRange("--rate", rate, 0, 1_000_000);
        Logs.configure("warn", "text");
        Target parsed = Target.parse(to);
        Target target = keyFile == null ? parsed : parsed.withKey(Access.readKey(keyFile));
        EventLoopGroup loops =
                new MultiThreadIoEventLoopGroup(new DefaultThreadFactory("load-io", true), NioIoHandler.newFactory());
        try {
            return send(target, loops);
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }

    private int send(Target target, EventLoopGroup loops) throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        List<Traffic.Client> clients = new ArrayList<>();
        try {
            for (int i = 0; i < connections; i++) {
                clients.add(target.connect(loops));
            }
        } catch (IOException e) {
            clients.forEach(Traffic.Client::close);
            spec.commandLine().getErr().println("pgwatch-rpc: " + target + ": " + PeerText.printable(e.getMessage()));
            spec.commandLine()
                    .getErr()
                    .println("  is the receiver running there? With TLS the URI needs ?sslrootca=FILE");
            return ExitCode.FAILED;
        }
        Traffic traffic = new Traffic();
        Progress progress = new Progress(out, traffic);
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            Traffic.Client client = clients.get(i);
            SampleTraffic sample = new SampleTraffic(i + 1);
            Thread thread = new Thread(() -> run(client, sample, traffic, end), "load-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
        while (System.nanoTime() < end) {
            Thread.sleep(Math.max(1, Math.min(1000, (end - System.nanoTime()) / 1_000_000)));
            progress.show();
        }
        for (Thread thread : threads) {
            thread.join(5_000);
        }
        clients.forEach(Traffic.Client::close);
        progress.end();
        return traffic.calls() > 0 && traffic.failed() == 0 ? ExitCode.FINE : ExitCode.FAILED;
    }

    private void run(Traffic.Client client, SampleTraffic sample, Traffic traffic, long end) {
        // made beforehand, so that the generator's own work does not hide the receiver's
        MeasurementEnvelope[] envelopes = new MeasurementEnvelope[20];
        for (int i = 0; i < envelopes.length; i++) {
            envelopes[i] = sample.next(System.currentTimeMillis() * 1_000_000, rows);
        }
        long between = rate == 0 ? 0 : connections * 1_000_000_000L / rate;
        long next = System.nanoTime();
        for (int i = 0; next < end; i++) {
            if (!traffic.call(client, envelopes[i % envelopes.length])) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            // a call that comes late makes the next one no earlier
            next = Math.max(next + between, System.nanoTime());
            for (long left = Math.min(next, end) - System.nanoTime();
                    left > 0;
                    left = Math.min(next, end) - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
        }
    }

    private static void requireInRange(String option, int value, int most) throws ConfigException {
        requireInRange(option, value, 1, most);
    }

    private static void requireInRange(String option, int value, int least, int most) throws ConfigException {
        if (value < least || value > most) {
            throw new ConfigException(
                    option + ": " + value + " (expected: " + least + " to " + most + ")", "see 'load --help'");
        }
    }
}
