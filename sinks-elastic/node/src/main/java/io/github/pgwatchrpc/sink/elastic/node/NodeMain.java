package io.github.pgwatchrpc.sink.elastic.node;

import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginBundle;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * A node of a cluster of one, on the loopback. Arguments: its home directory, the HTTP port (0: any), the most bytes of a
 * request (such as {@code 8mb}), and the directory of modules, in which HTTP lives. It ends when its input does, so it does
 * not outlive whoever started it. Not there, since they are not published as jars: {@code GET /}, security, life cycle
 * policies, time series, deleting data streams.
 */
public final class NodeMain {

    /** What it prints once it answers. */
    public static final String READY = "ready";

    private NodeMain() {}

    /**
     * Starts the node.
     *
     * @param args home, port, request bytes, modules
     * @throws Exception if it cannot start
     */
    public static void main(String[] args) throws Exception {
        Path home = Path.of(args[0]);
        Files.createDirectories(home.resolve("config"));
        Files.createDirectories(home.resolve("plugins"));
        Settings settings = Settings.builder()
                .put("cluster.name", "test")
                .put("node.name", "node")
                .put("path.home", home.toString())
                .put("transport.type", "netty4")
                .put("http.type", "netty4")
                .put("http.port", args[1])
                .put("http.max_content_length", args[2])
                .put("transport.port", "0")
                .put("network.host", "127.0.0.1")
                .put("discovery.type", "single-node")
                .put("cluster.routing.allocation.disk.threshold_enabled", false)
                .build();
        LogConfigurator.configureESLogging();
        LogConfigurator.configureWithoutConfig(
                Settings.builder().put("logger.level", "WARN").build());
        var environment = InternalSettingsPreparer.prepareEnvironment(
                settings, Map.of(), home.resolve("config"), () -> "node");
        var plugins = PluginsLoader.createPluginsLoader(modules(Path.of(args[3])), Set.of(), Map.of(), false);
        Node node = new Node(environment, plugins);
        node.start();
        System.out.println(READY);
        while (System.in.read() >= 0) {
            // until it ends
        }
        node.close();
        System.exit(0);
    }

    /** Version 9 asks for one argument more, which these tests have no need of. */
    @SuppressWarnings("unchecked")
    private static Set<PluginBundle> modules(Path directory) throws ReflectiveOperationException {
        for (Method method : PluginsLoader.class.getMethods()) {
            if (method.getName().equals("loadModulesBundles")) {
                Object bundles =
                        method.getParameterCount() == 1 ? method.invoke(null, directory) : method.invoke(null, directory, false);
                return (Set<PluginBundle>) bundles;
            }
        }
        throw new NoSuchMethodException("PluginsLoader.loadModulesBundles");
    }
}
