package io.github.pgwatchrpc.server;

import java.io.PrintWriter;
import java.net.InetSocketAddress;
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
        server.places().forEach(sink -> out.println("  measurements go to  " + sink));
        if (web != null) {
            out.println("  status and metrics  http://" + Addresses.print(web) + "/api/status  /metrics");
        }
        server.tls()
                .authority()
                .ifPresent(each -> out.println("  certificate of       " + each.file() + "  SHA-256 " + each.sha256()));
        switch (server.access().mode()) {
            case NONE ->
                out.println("  WITHOUT KEYS         whoever reaches the port can send measurements (--auth none)");
            case KEY, CERTIFICATE ->
                server.access().keyFile().ifPresent(file -> out.println("  key                  in " + file));
        }
        if (server.access().isKeyReplaced()) {
            out.println(
                    "  NEW KEY              the key of the last start stopped working now; --api-key keep keeps it");
        }
        if (!server.access().trusted().isEmpty()) {
            out.println("  TRUSTED              no key is needed from "
                    + server.access().trusted());
        }
        new PasteLines(
                        server.address(),
                        server.plaintext(),
                        server.authorityFile(),
                        server.access().keyFile())
                .print(out);
        out.flush();
    }
}
