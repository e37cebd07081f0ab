package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.SinkProvider;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "sinks",
        description = "Lists the kinds of sinks there are; with a NAME, everything that can be configured of that one.")
final class SinksCommand implements Callable<Integer> {

    @Parameters(paramLabel = "NAME", arity = "0..1", description = "the scheme of a sink's URI")
    @Nullable
    private String name;

    @Option(names = "--plugin-dir", paramLabel = "DIR", description = "plug-ins: jars, or directories of jars")
    @Nullable
    private Path pluginDir;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway") // picocli sets the specification
    SinksCommand() {}

    @Override
    public Integer call() throws ConfigException {
        PrintWriter out = spec.commandLine().getOut();
        try (Plugins plugins = Plugins.load(pluginDir)) {
            plugins.problems().forEach(spec.commandLine().getErr()::println);
            if (name == null) {
                plugins.providers().forEach(each -> list(each, out));
            } else {
                SinkProvider found = plugins.sinks().find(name);
                if (found == null) {
                    String all = plugins.providers().stream()
                            .flatMap(each -> each.schemes().stream())
                            .sorted()
                            .collect(Collectors.joining(", "));
                    throw new ConfigException(
                            "sink: " + name + " (expected: " + all + ")", "plug-ins are found with --plugin-dir DIR");
                }
                show(found, out);
            }
            out.flush();
            return ExitCode.FINE;
        }
    }

    private static void list(SinkProvider provider, PrintWriter out) {
        out.printf("%-24s %s (%s)%n", provider.syntax(), provider.description(), Plugins.origin(provider));
    }

    private static void show(SinkProvider provider, PrintWriter out) {
        out.println(provider.syntax() + "  " + provider.description());
        Limits limits = provider.limits();
        out.printf(
                "  from %s; at once %,d rows, %,d bytes, %d writes%n",
                Plugins.origin(provider), limits.rows(), limits.bytes(), limits.concurrency());
        String can = provider.capabilities().stream()
                .map(Capability::name)
                .map(each -> each.toLowerCase(Locale.ROOT))
                .sorted()
                .collect(Collectors.joining(", "));
        out.println("  capabilities: " + (can.isEmpty() ? "none" : can));
        out.println(provider.options().isEmpty() ? "  no options" : "  options, as ?name=value&name=value:");
        for (SinkOption<?> option : provider.options()) {
            String value = option.defaultText();
            String otherwise = option.isMandatory() ? "must be given" : value == null ? "none" : "default " + value;
            out.printf(
                    "    %s  (%s, %s%s)%n        %s%n        expected: %s%n",
                    option.name(),
                    option.type(),
                    otherwise,
                    option.isSecret() ? ", secret" : "",
                    option.meaning(),
                    option.expected());
        }
    }
}
