package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.log.PeerText;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfigException;
import io.github.pgwatchrpc.sink.Sinks;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "check",
        description =
                "Looks at the options of serve and asks each sink whether it would take rows, without writing any. "
                        + "Shows everything that is wrong at once.")
final class CheckCommand implements Callable<Integer> {

    @Mixin
    private ServeOptions options = new ServeOptions();

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway") // picocli sets the specification
    CheckCommand() {}

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        List<String> problems = new ArrayList<>();
        attempt(problems, () -> Logs.configure(options.logLevel, options.logFormat));
        attempt(problems, () -> Addresses.parse("--listen", options.listen));
        if (!options.webAddress.equals("off")) {
            attempt(problems, () -> Addresses.parse("--web-addr", options.webAddress));
        }
        attempt(problems, () -> Access.examine(options));
        attempt(problems, () -> Server.examineTls(options));
        attempt(problems, () -> Server.examineSpool(options));
        try (Plugins plugins = Plugins.load(options.pluginDir)) {
            problems.addAll(plugins.problems());
            problems.addAll(Destination.namedTwice(options.sinks));
            for (String uri : Destination.wanted(options.sinks, options.dataDir)) {
                String problem = probe(plugins.sinks(), uri);
                if (problem.isEmpty()) {
                    out.println("sink " + Destination.place(uri) + ": ready");
                } else {
                    problems.add(problem);
                }
            }
        } catch (ConfigException e) {
            problems.add(e.getMessage() + "\n  " + e.hint());
        }
        problems.forEach(spec.commandLine().getErr()::println);
        out.println(problems.isEmpty() ? "nothing is wrong" : problems.size() + " to be mended");
        out.flush();
        return problems.isEmpty() ? ExitCode.FINE : ExitCode.CONFIG;
    }

    /** Something that can be wrong. */
    private interface Attempt {
        void run() throws ConfigException;
    }

    private static void attempt(List<String> problems, Attempt attempt) {
        try {
            attempt.run();
        } catch (ConfigException e) {
            problems.add(e.getMessage() + "\n  " + e.hint());
        }
    }

    /** What stands in the way of a sink; empty if nothing does. */
    private String probe(Sinks kinds, String uri) throws InterruptedException {
        String name = "sink " + Destination.place(uri) + ": ";
        try (Sink sink = Destination.build(kinds, uri, options.durability, options.newSink)
                .target()
                .sink()) {
            Readiness readiness = sink.open();
            if (readiness instanceof Outcome.Paused paused) {
                return name + PeerText.printable(paused.why()) + "\n  " + paused.mend();
            } else if (readiness instanceof Outcome.Retry retry) {
                return name + PeerText.printable(retry.why()) + "\n  is it there?";
            }
            return "";
        } catch (SinkConfigException e) {
            return String.join("\n", e.problems());
        } catch (IOException | RuntimeException e) {
            return name + PeerText.printable(e.getMessage());
        }
    }
}
