package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkProvider;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plug-ins are compiled and packed here, so that they are as foreign as a user's. */
class PluginsTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path work;

    @SuppressWarnings("NullAway.Init") // set before each test
    private Path plugins;

    @BeforeEach
    void makeDirectory() throws IOException {
        plugins = Files.createDirectory(work.resolve("plugins"));
    }

    private Plugins load() throws ConfigException {
        return Plugins.load(plugins);
    }

    /** Source of a provider whose sinks answer with a text that an expression gives. */
    private static String provider(String scheme, String expression) {
        return """
                package plug;
                import io.github.pgwatchrpc.sink.*;
                public final class Provider implements SinkProvider {
                    public java.util.Set<String> schemes() { return java.util.Set.of("%s"); }
                    public String description() { return "a plug-in"; }
                    public Sink create(SinkConfig config) {
                        config.check();
                        return batch -> new Outcome.Refused(String.valueOf(%s));
                    }
                }
                """.formatted(scheme, expression);
    }

    private static final String HELPER =
            "package plug; public final class Helper { public static String text() { return \"helped\"; } }";

    /** Compiles, packs, and leaves out what is named. */
    private void jar(Path target, Map<String, String> sources, String service, String version, String leftOut)
            throws IOException {
        Path directory = Files.createTempDirectory(work, "plug");
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> args = new ArrayList<>(
                List.of("-d", directory.toString(), "-cp", System.getProperty("java.class.path"), "-proc:none"));
        for (Map.Entry<String, String> source : sources.entrySet()) {
            Path file = Files.createTempDirectory(work, "source").resolve(source.getKey() + ".java");
            args.add(Files.writeString(file, source.getValue()).toString());
        }
        assertEquals(0, compiler.run(null, null, System.err, args.toArray(String[]::new)));
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        if (!version.isEmpty()) {
            manifest.getMainAttributes().putValue(Plugins.API_ATTRIBUTE, version);
        }
        try (OutputStream out = Files.newOutputStream(target);
                JarOutputStream jar = new JarOutputStream(out, manifest);
                Stream<Path> all = Files.walk(directory)) {
            for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
                String name = directory.relativize(file).toString();
                if (!name.equals(leftOut)) {
                    jar.putNextEntry(new ZipEntry(name));
                    jar.write(Files.readAllBytes(file));
                }
            }
            if (!service.isEmpty()) {
                jar.putNextEntry(new ZipEntry("META-INF/services/" + SinkProvider.class.getName()));
                jar.write(service.getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    private void jar(String name, String source) throws IOException {
        jar(plugins.resolve(name), Map.of("Provider", source), "plug.Provider", "1", "");
    }

    private static String answer(Plugins plugins, String uri) throws Exception {
        try (Sink sink = plugins.sinks().create(uri, Map.of())) {
            return ((Outcome.Refused) sink.write(Batch.of("test", List.of(Envelopes.rows(1, 0))))).why();
        }
    }

    /** Who can put a class there runs it with all that the receiver knows. */
    @Test
    void whatOtherUsersCanChangeIsRefused() throws Exception {
        jar("a.jar", provider("a", "batch.size()"));
        Path directory = Files.createDirectory(plugins.resolve("b"));
        jar(directory.resolve("b.jar"), Map.of("Provider", provider("b", "1")), "plug.Provider", "", "");
        for (Path each : List.of(plugins, plugins.resolve("a.jar"), directory, directory.resolve("b.jar"))) {
            Set<PosixFilePermission> before = Files.getPosixFilePermissions(each);
            Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwxrwxrwx"));
            ConfigException refused = assertThrows(ConfigException.class, this::load);
            assertEquals(
                    "--plugin-dir: " + each + ": mode rwxrwxrwx (expected: no other user can write there)",
                    refused.getMessage());
            Files.setPosixFilePermissions(each, before);
        }
        load().close();
    }

    @Test
    void withoutADirectoryThereAreTheReceiversOwn() throws Exception {
        try (Plugins found = Plugins.load(null)) {
            assertNotNull(found.sinks().find("jsonfile"));
            assertEquals(List.of(), found.problems());
        }
    }

    @Test
    void aJarIsAPluginAndSoIsADirectoryOfJars() throws Exception {
        jar("a.jar", provider("a", "batch.size()"));
        Path directory = Files.createDirectory(plugins.resolve("b"));
        Map<String, String> both = Map.of("Provider", provider("b", "Helper.text()"), "Helper", HELPER);
        jar(directory.resolve("b.jar"), both, "plug.Provider", "", "plug/Helper.class");
        jar(directory.resolve("lib.jar"), Map.of("Helper", HELPER), "", "", "");
        Files.writeString(plugins.resolve("README.txt"), "not looked at");
        Files.writeString(plugins.resolve(".hidden.jar"), "not looked at");
        try (Plugins found = load()) {
            assertEquals(List.of(), found.problems());
            assertEquals("1", answer(found, "a:x"));
            // both have a class of the same name
            assertEquals("helped", answer(found, "b:x"));
            assertEquals("b", Plugins.origin(found.sinks().provider("b:")));
        }
    }

    @Test
    void aPluginSeesTheContractAndNothingElseOfOurs() throws Exception {
        String sees = """
                java.util.stream.Stream.of("%s").map(name -> {
                    try {
                        Class.forName(name, false, Provider.class.getClassLoader());
                        return "yes";
                    } catch (ClassNotFoundException e) {
                        return "no";
                    }
                }).findFirst().get()""";
        jar("a.jar", provider("a", sees.formatted("com.fasterxml.jackson.databind.ObjectMapper")));
        jar("b.jar", provider("b", sees.formatted("io.github.pgwatchrpc.sink.file.FileSinkProvider")));
        jar("c.jar", provider("c", sees.formatted("org.slf4j.LoggerFactory")));
        jar("d.jar", provider("d", sees.formatted("io.github.pgwatchrpc.measurement.JsonWriter")));
        jar("e.jar", provider("e", sees.formatted("java.sql.Connection")));
        jar(
                "f.jar",
                provider(
                        "f",
                        "Provider.class.getClassLoader().getResource(\"META-INF/services/"
                                + SinkProvider.class.getName() + "\").toString().contains(\"f.jar\")"));
        jar(
                "g.jar",
                provider("g", "Thread.currentThread().getContextClassLoader() == Provider.class.getClassLoader()"));
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        try (Plugins found = load()) {
            assertEquals(List.of(), found.problems());
            assertEquals("no", answer(found, "a:"));
            assertEquals("no", answer(found, "b:"));
            assertEquals("yes", answer(found, "c:"));
            assertEquals("yes", answer(found, "d:"));
            assertEquals("yes", answer(found, "e:"));
            assertEquals("true", answer(found, "f:"));
            assertEquals("true", answer(found, "g:"));
        }
        assertEquals(before, Thread.currentThread().getContextClassLoader());
    }

    @Test
    void brokenPluginsAreNamedAndTheRestRuns() throws Exception {
        Map<String, String> source = Map.of("Provider", provider("x", "1"));
        Files.writeString(plugins.resolve("a-junk.jar"), "no jar");
        jar(plugins.resolve("b-none.jar"), source, "", "1", "");
        jar(plugins.resolve("c-version.jar"), source, "plug.Provider", "2", "");
        jar(plugins.resolve("d-missing.jar"), source, "plug.Nobody", "1", "");
        jar(plugins.resolve("e-other.jar"), Map.of("Helper", HELPER), "plug.Helper", "1", "");
        Map<String, String> linked =
                Map.of("Provider", provider("x", "1").replace("\"a plug-in\"", "Helper.text()"), "Helper", HELPER);
        jar(plugins.resolve("f-link.jar"), linked, "plug.Provider", "1", "plug/Helper.class");
        jar("g-taken.jar", provider("jsonfile", "1"));
        jar(
                "h-throws.jar",
                provider("x", "1").replace("return \"a plug-in\"", "throw new IllegalStateException(\"ouch\")"));
        Files.createDirectory(plugins.resolve("i-empty"));
        jar("j-good.jar", provider("good", "42"));
        jar("k-late.jar", provider("good", "43"));
        try (Plugins found = load()) {
            assertEquals("42", answer(found, "good:"));
            assertNotNull(found.sinks().find("jsonfile"));
            assertNull(found.sinks().find("x"));
            List<String> expected = List.of(
                    "a-junk.jar: ",
                    "b-none.jar: no provider",
                    "c-version.jar: version of the sink contract in the manifest of c-version.jar: 2 (expected: 1",
                    "d-missing.jar: ",
                    "e-other.jar: ",
                    "f-link.jar: java.lang.NoClassDefFoundError: plug/Helper",
                    "g-taken.jar: scheme jsonfile: taken by embedded",
                    "h-throws.jar: java.lang.IllegalStateException: ouch",
                    "i-empty: no provider",
                    "k-late.jar: scheme good: taken by j-good.jar");
            String all = String.join("\n", found.problems());
            assertEquals(expected.size(), found.problems().size(), all);
            for (int i = 0; i < expected.size(); i++) {
                String problem = found.problems().get(i);
                assertTrue(problem.startsWith("plug-in " + expected.get(i)), problem);
                assertTrue(problem.contains("(expected: "), problem);
            }
        }
    }

    @Test
    void aClassThatIsMissedLaterIsNamedToo() throws Exception {
        Map<String, String> both = Map.of("Provider", provider("late", "Helper.text()"), "Helper", HELPER);
        jar(plugins.resolve("late.jar"), both, "plug.Provider", "1", "plug/Helper.class");
        try (Plugins found = load()) {
            String message = assertThrows(IllegalStateException.class, () -> answer(found, "late:"))
                    .getMessage();
            assertTrue(message.startsWith("plug-in late.jar: java.lang.NoClassDefFoundError: plug/Helper"), message);
        }
    }

    @Test
    void aDirectoryThatIsNoneIsWrongConfiguration() {
        Ran ran = Ran.command(
                "serve", "--plugin-dir", "/no/such", "--listen", "127.0.0.1:0", "--data-dir", work.toString());
        assertEquals(ExitCode.CONFIG, ran.code());
        assertTrue(ran.errLines().get(0).contains("--plugin-dir: /no/such: cannot be read"), ran::err);
    }

    // ---- the commands ----

    @Test
    void sinksAreListedWithAllTheirOptions() throws Exception {
        jar("a.jar", provider("a", "1"));
        Files.writeString(plugins.resolve("junk.jar"), "no jar");
        Ran all = Ran.command("sinks", "--plugin-dir", plugins.toString());
        assertEquals(ExitCode.FINE, all.code(), all::err);
        assertTrue(all.out().contains("jsonfile:PATH ") && all.out().contains("a plug-in (a.jar)"), all::out);
        assertTrue(all.err().startsWith("plug-in junk.jar: "), all::err);
        Ran one = Ran.command("sinks", "JSONFILE");
        for (String part : List.of(
                "max-size  (bytes, default 100MB)",
                "keep-files  (integer, none)",
                "fsync  (choice, default always)",
                "files that are complete are compressed",
                "expected: true or false",
                "capabilities: ordered",
                "at once 5,000 rows")) {
            assertTrue(one.out().contains(part), () -> part + " in " + one.out());
        }
        Ran none = Ran.command("sinks", "nosuch");
        assertEquals(ExitCode.CONFIG, none.code());
        assertTrue(none.errLines().get(0).matches("pgwatch-rpc: sink: nosuch \\(expected: .*jsonfile.*\\)"), none::err);
    }

    @Test
    void checkShowsEverythingThatIsWrongAtOnce() {
        Ran wrong = Ran.command(
                "check",
                "--listen=5000",
                "--log-level=loud",
                "--trust=everybody",
                "--keys=/no/such/keys",
                "--tls-host=no host",
                "--spool-max-bytes=1KB",
                "--data-dir=" + work,
                "--sink=nosuch:x?token=s3cr3t",
                "--sink=outcome:open-paused",
                "--sink=outcome:open-retry?",
                "--sink=outcome:open-fails",
                "--sink=jsonfile:" + work.resolve("m") + "?gzip=maybe&x=1",
                "--sink=outcome:written");
        assertEquals(ExitCode.CONFIG, wrong.code());
        for (String part : List.of(
                "--listen: 5000",
                "--log-level: loud",
                "--trust: network: everybody",
                "--tls-host: host name: 'no host'",
                "--spool-max-bytes: 1024",
                "scheme of a sink: \"nosuch\"",
                "sink outcome:open-paused: no permission\n  give it some",
                "sink outcome:open-retry: not there yet",
                "sink outcome:open-fails: no route",
                "option gzip of sink jsonfile: \"maybe\"",
                "option x of sink")) {
            assertTrue(wrong.err().contains(part), () -> part + " in " + wrong.err());
        }
        assertTrue(wrong.out().contains("sink outcome:written: ready"), wrong::out);
        assertTrue(!(wrong.out() + wrong.err()).contains("s3cr3t"), wrong::err);
        for (String option : List.of(
                "--keys=/no/such/keys",
                "--api-key-file=/no/such/key",
                "--auth=certificate",
                "--tls-cert=/no/such/cert",
                "--tls-client-auth=required",
                "--tls-client-ca=/no/such/ca")) {
            Ran one = Ran.command("check", "--data-dir=" + work, "--sink=outcome:written", option);
            assertEquals(ExitCode.CONFIG, one.code(), option);
            assertTrue(one.out().endsWith("1 to be mended\n"), one::out);
        }
        assertFalse(Files.exists(work.resolve("tls")), "looking makes nothing");
        Ran fine = Ran.command("check", "--data-dir=" + work, "--sink=outcome:written");
        assertEquals(ExitCode.FINE, fine.code(), fine::err);
        assertTrue(fine.out().endsWith("nothing is wrong\n"), fine::out);
    }
}
