package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.delivery.spool.Durability;
import io.github.pgwatchrpc.delivery.worker.SinkTarget;
import io.github.pgwatchrpc.measurement.KeyText;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkConfigException;
import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.Sinks;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A sink as {@code --sink} names it: {@code NAME=SCHEME:TARGET?option=value}, in which the name may be missing.
 *
 * <p>By its name the delivery knows from run to run how far the sink is, so it must not change when an option does. Where
 * none is given it is the URI without options and without whatever in the target looks like a secret: a user, and what
 * follows a question mark.
 *
 * @param place where rows go, for people; without secrets
 * @param target what is delivered to
 */
record Destination(String place, SinkTarget target) {

    /** The name of the sink that there is when none is given: its file moves with the data directory. */
    static final String DEFAULT_NAME = "default";

    private static final Pattern NAMED = Pattern.compile("([A-Za-z0-9][A-Za-z0-9._-]{0,99})=(.*)", Pattern.DOTALL);
    /** Up to the last @: sinks take passwords with a slash in them, and a secret must not be taken for a path. */
    private static final Pattern USER = Pattern.compile("(?<!/)//(?!/).*@");

    private static final String HINT = "for example --sink jsonfile:/var/lib/pgwatch/m.jsonl";

    /**
     * Builds all sinks. None of them is opened: that one is away is no reason not to start.
     *
     * @param kinds the kinds of sinks there are
     * @param uris where to; none: the file that is the default
     * @param data the data directory
     * @param durability what the receiver promises decides how a sink syncs, unless its URI says something else
     * @param start where a sink begins that has not been there before
     * @throws ConfigException with everything that is wrong with any of them; then none is left open
     */
    static List<Destination> all(
            Sinks kinds, List<String> uris, Path data, Durability durability, SinkTarget.Start start)
            throws ConfigException {
        List<Destination> all = new ArrayList<>();
        List<String> problems = new ArrayList<>(namedTwice(uris));
        for (String each : wanted(uris, data)) {
            try {
                all.add(build(kinds, each, durability, start));
            } catch (SinkConfigException e) {
                problems.addAll(e.problems());
            } catch (IllegalArgumentException e) {
                problems.add(String.valueOf(e.getMessage()));
            }
        }
        if (!problems.isEmpty()) {
            close(all);
            throw new ConfigException("--sink: " + String.join("; ", problems), HINT);
        }
        return all;
    }

    /** The sinks to deliver to: those that were given, or the file that is the default. */
    static List<String> wanted(List<String> uris, Path data) {
        return uris.isEmpty()
                ? List.of(DEFAULT_NAME + "=jsonfile:"
                        + SinkConfig.encode(data.resolve("measurements.jsonl").toString()))
                : List.copyOf(uris);
    }

    /** What is wrong with their names. */
    static List<String> namedTwice(List<String> uris) {
        Set<String> names = new HashSet<>();
        return uris.stream()
                .map(Destination::name)
                .filter(name -> !names.add(name))
                .map(name -> "two sinks are named " + name + " (expected: one; NAME=URI gives a sink another name)")
                .toList();
    }

    /**
     * Builds a sink.
     *
     * @throws SinkConfigException with everything that is wrong
     */
    static Destination build(Sinks kinds, String text, Durability durability, SinkTarget.Start start) {
        String uri = uri(text);
        SinkProvider provider = kinds.provider(uri);
        Sink sink = kinds.create(uri, defaults(provider, uri, durability));
        SinkTarget target = new SinkTarget(name(text), sink, provider.limits(), provider.capabilities(), start);
        return new Destination(place(text), target);
    }

    private static String uri(String text) {
        Matcher named = NAMED.matcher(text);
        return named.matches() ? named.group(2) : text;
    }

    private static String name(String text) {
        Matcher named = NAMED.matcher(text);
        return named.matches() ? named.group(1) : place(text);
    }

    private static Map<String, String> defaults(SinkProvider provider, String uri, Durability durability) {
        boolean syncs =
                provider.options().stream().anyMatch(option -> option.name().equals("fsync"));
        boolean said = uri.contains("?fsync=") || uri.contains("&fsync=");
        return syncs && !said ? Map.of("fsync", durability == Durability.FSYNC ? "always" : "never") : Map.of();
    }

    /** Where a sink is, as it may be printed: without name, options and secrets. */
    static String place(String text) {
        String uri = uri(text);
        String lower = uri.toLowerCase(Locale.ROOT);
        int end = uri.length();
        for (String each : List.of("?", "%3f", "#")) {
            int at = lower.indexOf(each);
            end = at < 0 ? end : Math.min(end, at);
        }
        return KeyText.mask(USER.matcher(uri.substring(0, end)).replaceAll("//"));
    }

    /** Closes sinks that nobody delivers to. */
    static void close(List<Destination> all) {
        all.forEach(each -> each.target().sink().close());
    }
}
