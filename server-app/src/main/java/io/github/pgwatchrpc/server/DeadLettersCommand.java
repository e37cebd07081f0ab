package io.github.pgwatchrpc.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.pgwatchrpc.delivery.Delivery;
import io.github.pgwatchrpc.delivery.deadletter.DeadLetter;
import io.github.pgwatchrpc.delivery.deadletter.DeadLetterFilter;
import io.github.pgwatchrpc.log.PeerText;
import io.github.pgwatchrpc.measurement.JsonWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Rows that sinks have refused for good. */
@Command(
        name = "deadletters",
        description = "Looks at rows that a sink has refused for good, tries them again, or drops them; the receiver "
                + "must not run.")
final class DeadLettersCommand implements Runnable {

    /** Which letters; what is not given matches any. */
    static final class Choice {

        @Option(names = "--sink", paramLabel = "NAME", description = "of this sink (default: of all sinks)")
        private @Nullable String sink;

        @Option(names = "--id", paramLabel = "N", description = "with this number; can be repeated")
        private List<Long> ids = new ArrayList<>();

        @Option(names = "--database", paramLabel = "NAME", description = "of this database")
        private @Nullable String database;

        @Option(names = "--metric", paramLabel = "NAME", description = "of this metric")
        private @Nullable String metric;

        @Option(names = "--reason", paramLabel = "TEXT", description = "with this text in their reason")
        private @Nullable String reason;

        @Option(names = "--since", paramLabel = "TIME", description = "refused then or later: 2027-01-01T00:00:00Z")
        private @Nullable Instant since;

        @Option(names = "--before", paramLabel = "TIME", description = "refused before then")
        private @Nullable Instant before;

        boolean isAll() {
            return ids.isEmpty()
                    && database == null
                    && metric == null
                    && reason == null
                    && since == null
                    && before == null;
        }

        Predicate<DeadLetter> letters() {
            Predicate<DeadLetter> filter = new DeadLetterFilter(database, metric, reason, since, before);
            return letter -> (ids.isEmpty() || ids.contains(letter.id())) && filter.test(letter);
        }

        List<String> sinks(Delivery delivery) throws IOException, ConfigException {
            Set<String> known = delivery.accounts().keySet();
            String one = sink;
            if (one == null) {
                return List.copyOf(known);
            } else if (!known.contains(one)) {
                throw unknown(one, known);
            }
            return List.of(one);
        }
    }

    /** What is done with the letters of a sink. */
    @FunctionalInterface
    private interface Act {
        long on(Delivery delivery, String sink, Predicate<DeadLetter> letters) throws IOException;
    }

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway") // picocli sets the specification
    DeadLettersCommand() {}

    static ConfigException unknown(String sink, Set<String> known) {
        return new ConfigException(
                "sink " + sink + ": unknown (expected: "
                        + (known.isEmpty() ? "none are there" : String.join(", ", known)) + ")",
                "'pgwatch-rpc spool status' lists them");
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "deadletters: nothing to do (expected: list, show, replay or drop)");
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Prints one line for each letter.")
    int list(@Mixin SpoolFiles files, @Mixin Choice choice, @Mixin Most most) throws ConfigException {
        PrintWriter out = spec.commandLine().getOut();
        String form = "%8s %-24s %8s %-6s %-20s %-24s %s%n";
        out.printf(form, "ID", "TIME", "ATTEMPTS", "STATE", "DATABASE", "METRIC", "REASON");
        return print(
                files,
                choice,
                most,
                (sink, letter) -> out.printf(
                        form,
                        letter.id(),
                        letter.time(),
                        letter.attempts(),
                        letter.queued() ? "queued" : "dead",
                        PeerText.printable(letter.envelope().database()),
                        PeerText.printable(letter.envelope().metric()),
                        PeerText.printable(letter.reason()) + " (" + sink + ")"));
    }

    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            description = "Prints letters with their rows, each as one line of JSON.")
    int show(@Mixin SpoolFiles files, @Mixin Choice choice, @Mixin Most most) throws ConfigException {
        PrintWriter out = spec.commandLine().getOut();
        return print(files, choice, most, (sink, letter) -> out.println(json(sink, letter)));
    }

    @Command(
            name = "replay",
            mixinStandardHelpOptions = true,
            description = "Queues letters: at its next start the receiver gives them to the sink once more.")
    int replay(@Mixin SpoolFiles files, @Mixin Choice choice) throws ConfigException {
        return act(files, choice, "queued", Delivery::replay);
    }

    @Command(name = "drop", mixinStandardHelpOptions = true, description = "Drops letters FOR GOOD.")
    int drop(
            @Mixin SpoolFiles files,
            @Mixin Choice choice,
            @Option(names = "--all", description = "all of them, when nothing else says which") boolean all)
            throws ConfigException {
        if (choice.isAll() && !all) {
            throw new ConfigException(
                    "deadletters drop: nothing says which (expected: --id, --metric, … or --all)",
                    "'pgwatch-rpc deadletters list' shows what there is");
        }
        return act(files, choice, "dropped", Delivery::drop);
    }

    /** How many letters are printed. */
    static final class Most {
        @Option(
                names = "--most",
                paramLabel = "N",
                defaultValue = "1000",
                description = "at most so many of each sink (default: ${DEFAULT-VALUE})")
        private int most = 1000;
    }

    /** Prints a letter. */
    @FunctionalInterface
    private interface Printer {
        void print(String sink, DeadLetter letter) throws IOException;
    }

    private int print(SpoolFiles files, Choice choice, Most most, Printer printer) throws ConfigException {
        files.open(delivery -> {
            for (String sink : choice.sinks(delivery)) {
                for (DeadLetter letter : delivery.deadLetters(sink, choice.letters(), most.most)) {
                    printer.print(sink, letter);
                }
            }
        });
        spec.commandLine().getOut().flush();
        return ExitCode.FINE;
    }

    private int act(SpoolFiles files, Choice choice, String done, Act act) throws ConfigException {
        PrintWriter out = spec.commandLine().getOut();
        files.open(delivery -> {
            for (String sink : choice.sinks(delivery)) {
                out.println(act.on(delivery, sink, choice.letters()) + " letters " + done + " (" + sink + ")");
            }
        });
        out.flush();
        return ExitCode.FINE;
    }

    private static String json(String sink, DeadLetter letter) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            json.writeStringField("sink", sink);
            json.writeNumberField("id", letter.id());
            json.writeStringField("time", letter.time().toString());
            json.writeNumberField("attempts", letter.attempts());
            json.writeBooleanField("queued", letter.queued());
            json.writeStringField("reason", letter.reason());
            json.writeFieldName("envelope");
            json.writeRawValue(
                    new JsonWriter().line(letter.envelope()).toString().strip());
            json.writeEndObject();
        }
        return text.toString();
    }
}
