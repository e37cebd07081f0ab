package io.github.pgwatchrpc.server;

import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(name = "serve", description = "Runs the receiver until it is stopped (Ctrl-C, SIGTERM).")
final class ServeCommand implements Callable<Integer> {

    @Mixin
    private ServeOptions options = new ServeOptions();

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway") // picocli sets the specification
    ServeCommand() {}

    @Override
    public Integer call() throws ConfigException, InterruptedException {
        Logs.configure(options.logLevel, options.logFormat);
        Server server = Server.start(options);
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            server.close();
            stopped.countDown();
        }));
        print(spec.commandLine(), server);
        stopped.await();
        return ExitCode.FINE;
    }

    /** What an operator needs next: where it listens, where the data goes, what to paste into pgwatch. */
    static void print(CommandLine line, Server server) {
        PrintWriter out = line.getOut();
        InetSocketAddress web = server.webAddress();
        out.println("pgwatch-rpc listens on " + Addresses.print(server.address()));
        server.sinks().forEach(sink -> out.println("  measurements go to  " + sink));
        if (web != null) {
            out.println("  status and metrics  http://" + Addresses.print(web) + "/api/status  /metrics");
        }
        String here = Addresses.reachable(server.address());
        String authority =
                server.tls().authority().map(each -> each.file().toString()).orElse("CA-FILE");
        server.tls()
                .authority()
                .ifPresent(each -> out.println("  certificate of       " + each.file() + "  SHA-256 " + each.sha256()));
        out.println("paste into pgwatch (copy the CA's file there):");
        out.println("  4 and later          --sink=grpc://" + here + "/?sslrootca=" + authority);
        out.println("  3.6, 3.7             --sink=rpc://" + here + "?sslrootca=" + authority);
        out.println("  3.0 to 3.7           --sink=rpc://" + here + "        without TLS: --plaintext "
                + server.plaintext().name().toLowerCase(Locale.ROOT));
        out.flush();
    }
}
