package io.github.pgwatchrpc.server;

import java.net.URL;
import java.net.URLClassLoader;
import java.util.List;

/**
 * Loads the classes of one plug-in from its jars. Of the receiver it shows the sinks' contract, the measurement model, and
 * slf4j; everything else it has comes from the JDK or from its own jars, so that a library of its own can be of another
 * version than the receiver's, and no file of the receiver's jars is found through it.
 */
final class PluginLoader extends URLClassLoader {

    /** The contract itself, without the sinks that live in packages below it. */
    private static final String CONTRACT = "io.github.pgwatchrpc.sink.";

    private static final List<String> SHOWN =
            List.of("io.github.pgwatchrpc.measurement.", "org.slf4j.", "org.jspecify.");

    static {
        registerAsParallelCapable();
    }

    PluginLoader(String name, URL[] jars) {
        super(name, jars, new Gate());
    }

    /** What is seen of the receiver. */
    private static final class Gate extends ClassLoader {
        static {
            registerAsParallelCapable();
        }

        Gate() {
            super("plug-in-gate", ClassLoader.getPlatformClassLoader());
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            boolean shown = SHOWN.stream().anyMatch(name::startsWith)
                    || (name.startsWith(CONTRACT) && name.indexOf('.', CONTRACT.length()) < 0);
            if (!shown) {
                throw new ClassNotFoundException(name);
            }
            return PluginLoader.class.getClassLoader().loadClass(name);
        }
    }
}
