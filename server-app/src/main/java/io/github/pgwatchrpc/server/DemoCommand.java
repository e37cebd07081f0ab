package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import java.io.IOException;
import java.io.PrintWriter;
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
                        + "usual metrics, over the real protocol, into the sink. Prints rates, and where to look.")
final class DemoCommand implements Callable<Integer> {

    private static final int DATABASES = 10;

    /** Calls of each database a second: busier than a real one, calm enough for any disk. */
    private static final int CALLS_A_SECOND = 20;

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
        Logs.configure(options.logLevel, options.logFormat);
        Server server = Server.start(options);
        PrintWriter out = spec.commandLine().getOut();
        CountDownLatch stop = new CountDownLatch(1);
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
        out.println(DATABASES + " databases send " + SampleTraffic.metrics().size() + " metrics"
                + (seconds > 0 ? " for " + seconds + " s" : "; Ctrl-C stops"));
        out.flush();
        NetRpcTraffic.Target target = new NetRpcTraffic.Target(
                Addresses.local(server.address()), null, server.access().key());
        for (int i = 1; i <= DATABASES; i++) {
            SampleTraffic sample = new SampleTraffic(i);
            Thread source = new Thread(() -> run(target, sample, traffic, stop), sample.database());
            sources.add(source);
            source.start();
        }
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
        server.close();
        out.printf(
                "%,d rows were acknowledged, %,d rows were stored%n",
                traffic.rows(), server.metrics().storedRows());
        server.sinks().forEach(sink -> out.println("look at them in " + sink));
        out.flush();
        return traffic.failed() == 0 && traffic.rows() == server.metrics().storedRows()
                ? ExitCode.FINE
                : ExitCode.FAILED;
    }

    private static void run(NetRpcTraffic.Target target, SampleTraffic sample, Traffic traffic, CountDownLatch stop) {
        try (NetRpcTraffic client = NetRpcTraffic.connect(target)) {
            long pause = 1_000_000_000L / CALLS_A_SECOND;
            long next = System.nanoTime();
            while (!stop.await(Math.max(0, next - System.nanoTime()), TimeUnit.NANOSECONDS)) {
                MeasurementEnvelope envelope = sample.next(System.currentTimeMillis() * 1_000_000);
                traffic.call(client, envelope);
                next += pause;
            }
        } catch (IOException e) {
            traffic.call(new Broken(e), sample.next(0));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Counts what kept a source from connecting. */
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
