package io.github.pgwatchrpc.sink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NullMarked
class SinksTest {

    private static SinkProvider provider(String... schemes) {
        return new SinkProvider() {
            @Override
            public Set<String> schemes() {
                return Set.of(schemes);
            }

            @Override
            public String description() {
                return "for tests";
            }

            @Override
            public Sink create(SinkConfig config) {
                return batch -> Outcome.retry("never");
            }
        };
    }

    @Test
    void findsByScheme() {
        SinkProvider two = provider("b", "c");
        Sinks sinks = new Sinks(List.of(two, provider("a")));
        assertEquals(two, sinks.find("B"));
        assertEquals(two, sinks.provider("c:x:y"));
        assertNull(sinks.find("x"));
        assertEquals(2, sinks.providers().size());
        assertEquals(List.of(), sinks.problems());
        assertNotNull(sinks.create("a:", Map.of()));
    }

    @Test
    void whatIsPrintedHoldsNoSecret() {
        SinkProvider relay = new SinkProvider() {
            @Override
            public Set<String> schemes() {
                return Set.of("rpc");
            }

            @Override
            public String description() {
                return "for tests";
            }

            @Override
            public List<SinkOption<?>> options() {
                return List.of(SinkOption.text("token", "a key").hidden(), SinkOption.text("ca", "a file"));
            }

            @Override
            public Sink create(SinkConfig config) {
                return batch -> Outcome.retry("never");
            }
        };
        Sinks sinks = new Sinks(List.of(relay));
        assertEquals("rpc://h:1?token=...&ca=f", sinks.printable("rpc://h:1?token=SECRET&ca=f"));
        assertEquals("rpc://...@h:1/", sinks.printable("rpc://me:SEC@RET@h:1/"));
        assertEquals("rpc://h:1?tokem=...&=...", sinks.printable("rpc://h:1?tokem=SECRET&SECRET"));
        assertEquals("rcp:...", sinks.printable("rcp://me:SECRET@h:1"));
        assertEquals("...", sinks.printable("SECRET"));
        assertEquals("rpc:x@y", sinks.printable("rpc:x@y"));
    }

    @Test
    void anUnknownSchemeTellsTheKnown() {
        Sinks sinks = new Sinks(List.of(provider("b"), provider("a")));
        assertEquals("scheme of a sink: \"x\" (expected: a, b)", problem(sinks, "x:secret"));
        assertEquals("scheme of a sink: missing (expected: a, b)", problem(sinks, "secret"));
        assertEquals("scheme of a sink: missing (expected: no sinks are there)", problem(new Sinks(List.of()), "a"));
    }

    private static String problem(Sinks sinks, String uri) {
        return String.valueOf(assertThrows(SinkConfigException.class, () -> sinks.provider(uri))
                .getMessage());
    }

    @Test
    void theFirstOfTwoWithOneSchemeHasIt() {
        SinkProvider first = provider("a");
        Sinks sinks = new Sinks(List.of(first, provider("a", "b")));
        assertEquals(first, sinks.find("a"));
        assertNotNull(sinks.find("b"));
        assertEquals(1, sinks.problems().size());
        assertTrue(
                sinks.problems().get(0).startsWith("scheme a of "),
                sinks.problems().toString());
    }

    /** Found through a service file that a test writes. */
    public static final class Found implements SinkProvider {
        /** For the service loader. */
        public Found() {}

        @Override
        public Set<String> schemes() {
            return Set.of("found");
        }

        @Override
        public String description() {
            return "for tests";
        }

        @Override
        public Sink create(SinkConfig config) {
            return batch -> Outcome.written();
        }
    }

    @Test
    void aBrokenProviderLeavesTheOthers(@TempDir Path dir) throws Exception {
        Path services = Files.createDirectories(dir.resolve("META-INF/services"));
        Files.writeString(
                services.resolve(SinkProvider.class.getName()),
                "org.example.Missing\n" + Found.class.getName() + "\n" + SinksTest.class.getName() + "\n");
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {dir.toUri().toURL()}, SinksTest.class.getClassLoader())) {
            Sinks sinks = Sinks.load(loader);
            assertNotNull(sinks.find("found"));
            assertEquals(2, sinks.problems().size(), sinks.problems().toString());
            assertTrue(
                    sinks.problems().get(0).contains("org.example.Missing"),
                    sinks.problems().toString());
            assertTrue(
                    sinks.problems().get(1).contains("SinksTest not a subtype"),
                    sinks.problems().toString());
        }
    }
}
