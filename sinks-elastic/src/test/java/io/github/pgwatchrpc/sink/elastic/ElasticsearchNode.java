package io.github.pgwatchrpc.sink.elastic;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.pgwatchrpc.sink.elastic.node.NodeMain;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * A real node in a process of its own, which the tests of the whole path start too. One is shared by all tests of this
 * module; it ends with this process.
 */
public final class ElasticsearchNode implements AutoCloseable {

    /** The most bytes of a request. */
    static final int MOST_BYTES = 8 << 20;

    static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

    private static final AtomicInteger NEXT_NAMESPACE = new AtomicInteger();

    private static final class Shared {
        private static final ElasticsearchNode NODE = start();

        private static ElasticsearchNode start() {
            try {
                ElasticsearchNode node = new ElasticsearchNode();
                Runtime.getRuntime().addShutdownHook(new Thread(node::close));
                return node;
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException("Elasticsearch does not start", e);
            }
        }
    }

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Path target = Path.of(System.getProperty("elasticsearch.node", "node/target"));
    private final Path home;
    private final int port;
    private Process process;

    /** Starts a node without data, and waits until it answers. */
    public ElasticsearchNode() throws IOException, InterruptedException {
        home = Files.createTempDirectory("elasticsearch-node");
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        start();
        // more than a page of rows is read back at once, and what users add to the template is seen to count
        call(
                "PUT",
                "/_component_template/pgwatch@custom",
                "{\"template\":{\"settings\":{\"index.max_result_window\":100000,\"index.number_of_replicas\":0}}}");
    }

    static ElasticsearchNode shared() {
        return Shared.NODE;
    }

    /** A namespace that no test has used. */
    static String namespace() {
        return "t" + NEXT_NAMESPACE.incrementAndGet();
    }

    /** Starts it again, with the data that it had. */
    public void start() throws IOException, InterruptedException {
        Path modules = home.resolve("modules");
        layOut(modules);
        List<String> path = new ArrayList<>(List.of(target.resolve("classes").toString()));
        try (Stream<Path> jars = Files.list(target.resolve("libraries"))) {
            jars.filter(jar -> !isOfModule(jar)).forEach(jar -> path.add(jar.toString()));
        }
        Path log = home.resolve("node.log");
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-cp",
                        String.join(java.io.File.pathSeparator, path),
                        NodeMain.class.getName(),
                        home.toString(),
                        String.valueOf(port),
                        MOST_BYTES + "b",
                        modules.toString())
                .redirectError(log.toFile())
                .start();
        BufferedReader out = process.inputReader();
        List<String> said = new ArrayList<>();
        for (String line = out.readLine(); !NodeMain.READY.equals(line); line = out.readLine()) {
            if (line == null) {
                throw new IOException("Elasticsearch has ended: " + said + " " + Files.readString(log));
            }
            said.add(line);
        }
        // nobody reads what it says from now on, but it must not wait for that
        Thread drain = new Thread(() -> out.lines().forEach(line -> {}), "elasticsearch-output");
        drain.setDaemon(true);
        drain.start();
    }

    /** HTTP is a module in a directory of its own: one class path for everything is refused. */
    private void layOut(Path modules) throws IOException {
        Path module = Files.createDirectories(modules.resolve("transport-netty4"));
        try (Stream<Path> jars = Files.list(target.resolve("libraries"))) {
            for (Path jar : jars.filter(ElasticsearchNode::isOfModule).toList()) {
                Files.copy(jar, module.resolve(jar.getFileName()), StandardCopyOption.REPLACE_EXISTING);
                if (jar.getFileName().toString().startsWith("transport-netty4")) {
                    unpack(jar, module);
                }
            }
        }
        Path descriptor = module.resolve("plugin-descriptor.properties");
        Files.writeString(
                descriptor,
                Files.readAllLines(descriptor).stream()
                        .filter(line -> !line.startsWith("modulename="))
                        .collect(Collectors.joining("\n")));
    }

    private static boolean isOfModule(Path jar) {
        String name = jar.getFileName().toString();
        return name.startsWith("transport-netty4") || name.startsWith("netty-") || name.contains("ssl-config");
    }

    private static void unpack(Path jar, Path to) throws IOException {
        String prefix = "META-INF/es-plugins/transport-netty4/";
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(jar))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (entry.getName().startsWith(prefix) && !entry.isDirectory()) {
                    String name = entry.getName().substring(entry.getName().lastIndexOf('/') + 1);
                    Files.copy(zip, to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    /** Ends it as {@code kill -9} does. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
            try (Stream<Path> files = Files.walk(home)) {
                for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(each);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Host and port. */
    public String address() {
        return "127.0.0.1:" + port;
    }

    /** Any answer. */
    HttpResponse<byte[]> send(String method, String path, String contentType, byte[] body)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + address() + path))
                .header("Content-Type", contentType)
                .method(method, body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body))
                .build();
        return http.send(request, BodyHandlers.ofByteArray());
    }

    /** The answer to what must succeed. */
    public JsonNode call(String method, String path, String body) throws IOException, InterruptedException {
        HttpResponse<byte[]> answer =
                send(method, path, "application/json", body.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        if (answer.statusCode() >= 300) {
            throw new AssertionError(
                    method + " " + path + ": " + new String(answer.body(), java.nio.charset.StandardCharsets.UTF_8));
        }
        return JSON.readTree(answer.body());
    }

    /** The documents of some indices. */
    List<JsonNode> documents(String indices) throws IOException, InterruptedException {
        call("POST", "/" + indices + "/_refresh?expand_wildcards=all", "");
        JsonNode found = call("POST", "/" + indices + "/_search", "{\"size\":100000}");
        List<JsonNode> documents = new ArrayList<>();
        found.path("hits").path("hits").forEach(documents::add);
        return documents;
    }
}
