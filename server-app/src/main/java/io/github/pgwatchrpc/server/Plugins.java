package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.Sinks;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Predicate;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The kinds of sinks there are: those of the receiver itself, and those of a directory of plug-ins, in which each jar, and
 * each directory with jars in it, is a plug-in. A plug-in that cannot be used is left out and told in {@link #problems}.
 * Immutable once loaded.
 */
final class Plugins implements AutoCloseable {

    /** What a plug-in's manifest says it was written for; see docs/writing-a-sink.md. */
    static final String API_ATTRIBUTE = "Pgwatch-Rpc-Sink-Api";

    /** Changes when a plug-in that was written for the contract before would not work any more. */
    static final String API_VERSION = "1";

    private static final String OPTION = "--plugin-dir: ";

    private static final String EMBEDDED = "embedded";

    private final List<SinkProvider> providers = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private final List<PluginLoader> loaders = new ArrayList<>();
    private final Map<String, String> owners = new HashMap<>();

    private Plugins() {}

    /**
     * Loads all of them.
     *
     * @param directory where plug-ins lie; null for none
     * @throws ConfigException if the directory cannot be read; or if other users can change it or what is in it: they could
     *     run what they like in the receiver
     */
    static Plugins load(@Nullable Path directory) throws ConfigException {
        Plugins plugins = new Plugins();
        Sinks embedded = Sinks.load(Plugins.class.getClassLoader());
        plugins.problems.addAll(embedded.problems());
        embedded.providers().forEach(each -> plugins.add(each, EMBEDDED));
        if (directory != null) {
            OtherUsers.refuseWriters(directory, OPTION);
            for (Path path : list(directory, each -> isJar(each) || Files.isDirectory(each))) {
                OtherUsers.refuseWriters(path, OPTION);
                if (Files.isDirectory(path)) {
                    for (Path jar : list(path, Plugins::isJar)) {
                        OtherUsers.refuseWriters(jar, OPTION);
                    }
                }
                plugins.load(path, String.valueOf(path.getFileName()));
            }
        }
        return plugins;
    }

    /** All kinds, for building sinks. */
    Sinks sinks() {
        return new Sinks(providers);
    }

    /** All kinds, those of the receiver first. */
    List<SinkProvider> providers() {
        return List.copyOf(providers);
    }

    /** Where a kind comes from: the plug-in's name, or a word for the receiver itself. */
    static String origin(SinkProvider provider) {
        return provider instanceof PluginProvider plugin ? plugin.plugin() : EMBEDDED;
    }

    /** What was wrong, a line each; begins with the plug-in's name. */
    List<String> problems() {
        return List.copyOf(problems);
    }

    /** Lets go of the jars; no sink of a plug-in works after that. */
    @Override
    public void close() {
        for (PluginLoader each : loaders) {
            try {
                each.close();
            } catch (IOException e) {
                // it was only read
            }
        }
    }

    private static boolean isJar(Path path) {
        return Files.isRegularFile(path) && String.valueOf(path.getFileName()).endsWith(".jar");
    }

    private static List<Path> list(Path directory, Predicate<Path> wanted) throws ConfigException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(path -> !String.valueOf(path.getFileName()).startsWith("."))
                    .filter(wanted)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new ConfigException(
                    OPTION + directory + ": cannot be read: " + e,
                    "name a directory with jars, or with directories of jars",
                    e);
        }
    }

    private void load(Path path, String name) {
        try {
            List<Path> jars = isJar(path) ? List.of(path) : list(path, Plugins::isJar);
            List<URL> urls = new ArrayList<>();
            for (Path jar : jars) {
                checkVersion(jar);
                urls.add(jar.toUri().toURL());
            }
            PluginLoader loader = new PluginLoader(name, urls.toArray(new URL[0]));
            loaders.add(loader);
            load(loader, name);
        } catch (IOException | ConfigException e) {
            problem(name, e.getMessage() + " (expected: jars that can be read)");
        } catch (WrongVersionException e) {
            problem(name, String.valueOf(e.getMessage()));
        }
    }

    private static void checkVersion(Path jar) throws IOException, WrongVersionException {
        try (JarFile file = new JarFile(jar.toFile())) {
            Manifest manifest = file.getManifest();
            String version =
                    manifest == null ? null : manifest.getMainAttributes().getValue(API_ATTRIBUTE);
            if (version != null && !version.equals(API_VERSION)) {
                throw new WrongVersionException(
                        "version of the sink contract in the manifest of " + jar.getFileName() + ": " + version
                                + " (expected: " + API_VERSION + "; build it against this receiver's sink-api)");
            }
        }
    }

    private void load(PluginLoader loader, String name) {
        Iterator<SinkProvider> found =
                ServiceLoader.load(SinkProvider.class, loader).iterator();
        int count = 0;
        String last = "";
        while (true) {
            try {
                if (!found.hasNext()) {
                    break;
                }
                count++;
                add(new PluginProvider(name, found.next()), name);
            } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
                String text = e instanceof ServiceConfigurationError && e.getCause() != null
                        ? e.getMessage() + ": " + e.getCause()
                        : e.toString();
                if (text.equals(last)) {
                    break; // the service loader does not get past it
                }
                last = text;
                count++;
                problem(name, text + " (expected: a provider that works with this receiver's sink-api)");
            }
        }
        if (count == 0) {
            problem(
                    name,
                    "no provider (expected: a class name in META-INF/services/" + SinkProvider.class.getName() + ")");
        }
    }

    private void add(SinkProvider provider, String from) {
        for (String scheme : provider.schemes()) {
            String owner = owners.get(scheme);
            if (owner != null) {
                problem(from, "scheme " + scheme + ": taken by " + owner + " (expected: one of its own)");
                return;
            }
        }
        provider.schemes().forEach(scheme -> owners.put(scheme, from));
        providers.add(provider);
    }

    private void problem(String name, String text) {
        problems.add("plug-in " + name + ": " + text);
    }

    private static final class WrongVersionException extends Exception {
        private static final long serialVersionUID = 1;

        WrongVersionException(String message) {
            super(message);
        }
    }
}
