package io.github.pgwatchrpc.sink;

import io.github.pgwatchrpc.measurement.KeyText;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The kinds of sinks there are, by scheme. Immutable and thread-safe. */
public final class Sinks {

    private final Map<String, SinkProvider> byScheme = new TreeMap<>();
    private final List<String> problems = new ArrayList<>();

    /**
     * The given kinds.
     *
     * @param providers the kinds; where two have a scheme in common, the first has it, and a problem says so
     */
    public Sinks(Collection<SinkProvider> providers) {
        providers.forEach(this::add);
    }

    private Sinks() {}

    /**
     * The kinds that a class loader finds. A provider that cannot be loaded is left out and told in {@link #problems}.
     *
     * @param loader where to look
     * @return the kinds
     */
    public static Sinks load(ClassLoader loader) {
        Sinks sinks = new Sinks();
        Iterator<SinkProvider> found =
                ServiceLoader.load(SinkProvider.class, loader).iterator();
        while (true) {
            try {
                if (!found.hasNext()) {
                    break;
                }
                sinks.add(found.next());
            } catch (ServiceConfigurationError | LinkageError e) {
                String problem = "sink provider: " + e.getMessage() + " (expected: one that can be loaded)";
                if (sinks.problems.contains(problem)) {
                    // the loader does not get past it
                    break;
                }
                sinks.problems.add(problem);
            }
        }
        return sinks;
    }

    private void add(SinkProvider provider) {
        for (String scheme : provider.schemes()) {
            SinkProvider first = byScheme.putIfAbsent(scheme, provider);
            if (first != null) {
                problems.add("scheme " + scheme + " of " + provider.getClass().getName() + ": taken by "
                        + first.getClass().getName() + " (expected: one provider)");
            }
        }
    }

    /**
     * What was wrong with providers; the others work.
     *
     * @return one line each, usually none
     */
    public List<String> problems() {
        return List.copyOf(problems);
    }

    /**
     * All kinds.
     *
     * @return the providers, in the order of their schemes
     */
    public List<SinkProvider> providers() {
        return byScheme.values().stream().distinct().toList();
    }

    /**
     * Looks for a kind.
     *
     * @param scheme a scheme, in any case
     * @return its provider, or null
     */
    public @Nullable SinkProvider find(String scheme) {
        return byScheme.get(scheme.toLowerCase(Locale.ROOT));
    }

    /**
     * Finds the kind of sink that a URI means.
     *
     * @param uri {@code SCHEME:TARGET?option=value}
     * @return its provider
     * @throws SinkConfigException if there is none
     */
    public SinkProvider provider(String uri) {
        int colon = uri.indexOf(':');
        SinkProvider provider = colon < 0 ? null : find(uri.substring(0, colon));
        if (provider == null) {
            // what follows the scheme may be a secret
            String scheme = colon < 0 ? "missing" : '"' + uri.substring(0, colon) + '"';
            throw new SinkConfigException(List.of("scheme of a sink: " + scheme + " (expected: "
                    + (byScheme.isEmpty() ? "no sinks are there" : String.join(", ", byScheme.keySet())) + ")"));
        }
        return provider;
    }

    /**
     * Builds a sink.
     *
     * @param uri {@code SCHEME:TARGET?option=value}
     * @param options options that are not in the URI, as text by name
     * @return the sink
     * @throws SinkConfigException with everything that is wrong
     */
    public Sink create(String uri, Map<String, String> options) {
        SinkConfig config = new SinkConfig(provider(uri), uri, options);
        Sink sink = provider(uri).create(config);
        try {
            config.check();
        } catch (SinkConfigException e) {
            sink.close();
            throw e;
        }
        return sink;
    }

    /**
     * A sink's URI as it may be shown: without user and password, without the values of options that are secret or that
     * nobody knows, and without keys of this receiver wherever they stand.
     *
     * @param uri {@code SCHEME:TARGET?option=value}, right or wrong
     * @return the URI with {@code ...} for what must not be seen
     */
    public String printable(String uri) {
        int question = uri.indexOf('?');
        String front = question < 0 ? uri : uri.substring(0, question);
        int colon = front.indexOf(':');
        SinkProvider provider = colon < 0 ? null : find(front.substring(0, colon));
        if (provider == null) {
            // perhaps a secret without a scheme
            return colon < 0 ? "..." : front.substring(0, colon + 1) + "...";
        }
        StringBuilder shown = new StringBuilder(front);
        int at = front.lastIndexOf('@');
        if (front.startsWith("//", colon + 1) && at > colon) {
            shown.replace(colon + 3, at, "...");
        }
        if (question >= 0) {
            char separator = '?';
            for (String part : uri.substring(question + 1).split("&", -1)) {
                String name = part.substring(0, Math.max(0, part.indexOf('=')));
                boolean open =
                        provider.options().stream().anyMatch(each -> each.name().equals(name) && !each.isSecret());
                shown.append(separator).append(open ? part : name + "=...");
                separator = '&';
            }
        }
        return KeyText.mask(shown.toString());
    }
}
