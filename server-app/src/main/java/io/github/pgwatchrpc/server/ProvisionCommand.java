package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.log.PeerText;
import io.github.pgwatchrpc.sink.Capability;
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
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "provision",
        description = "Makes what the sinks of serve need at their targets: index templates, collections, tables. "
                + "What is there already stays. Takes the options of serve.")
final class ProvisionCommand implements Callable<Integer> {

    @Mixin
    private ServeOptions options = new ServeOptions();

    @Option(names = "--dry-run", description = "prints what would be made, and asks nobody")
    private boolean dryRun;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway") // picocli sets the specification
    ProvisionCommand() {}

    @Override
    public Integer call() throws InterruptedException, ConfigException {
        Logs.configure(options.logLevel, options.logFormat);
        PrintWriter out = spec.commandLine().getOut();
        List<String> problems = new ArrayList<>();
        boolean misconfigured = false;
        try (Plugins plugins = Plugins.load(options.pluginDir)) {
            problems.addAll(plugins.problems());
            for (String uri : Destination.wanted(options.sinks, options.dataDir)) {
                try {
                    String problem = provision(plugins.sinks(), uri, out);
                    if (!problem.isEmpty()) {
                        problems.add(problem);
                    }
                } catch (SinkConfigException e) {
                    misconfigured = true;
                    problems.addAll(e.problems());
                }
            }
        }
        problems.forEach(spec.commandLine().getErr()::println);
        out.flush();
        return misconfigured ? ExitCode.CONFIG : problems.isEmpty() ? ExitCode.FINE : ExitCode.FAILED;
    }

    /** What stands in the way of a sink; empty if nothing does. */
    private String provision(Sinks kinds, String uri, PrintWriter out) throws InterruptedException {
        String name = "sink " + Destination.place(uri) + ": ";
        var target = Destination.build(kinds, uri, options.durability, options.newSink)
                .target();
        try (Sink sink = target.sink()) {
            if (!target.capabilities().contains(Capability.PROVISION)) {
                out.println(name + "needs nothing");
                return "";
            }
            if (dryRun) {
                List<String> plan = sink.plan();
                out.println(name + (plan.isEmpty() ? "nothing to make" : "would make what is missing of"));
                plan.forEach(each -> out.println(each + "\n"));
                return "";
            }
            Readiness readiness = sink.provision();
            if (readiness instanceof Outcome.Paused paused) {
                return name + PeerText.printable(paused.why()) + "\n  " + paused.mend();
            } else if (readiness instanceof Outcome.Retry retry) {
                return name + PeerText.printable(retry.why()) + "\n  is it there?";
            }
            out.println(name + "has what it needs");
            return "";
        } catch (UnsupportedOperationException e) {
            return name + "makes what it needs, but cannot tell what that is\n  without --dry-run it makes it";
        } catch (IOException | RuntimeException e) {
            return name + PeerText.printable(e.getMessage());
        }
    }
}
