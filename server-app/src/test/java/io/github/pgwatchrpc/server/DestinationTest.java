package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.delivery.spool.Durability;
import io.github.pgwatchrpc.delivery.worker.SinkTarget;
import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Sinks;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DestinationTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path data;

    private List<Destination> all(String... uris) throws ConfigException {
        List<Destination> all = Destination.all(
                Sinks.load(Destination.class.getClassLoader()),
                List.of(uris),
                data,
                Durability.FLUSH,
                SinkTarget.Start.NOW);
        Destination.close(all);
        return all;
    }

    @Test
    void withoutAnyThereIsAFileWhoseNameStaysWhenTheDirectoryMoves() throws Exception {
        Destination only = all().get(0);
        assertEquals("default", only.target().name());
        assertEquals("jsonfile:" + data.resolve("measurements.jsonl"), only.place());
        assertTrue(only.target().capabilities().contains(Capability.ORDERED));
    }

    @ParameterizedTest
    @CsvSource({
        "outcome:written, outcome:written, outcome:written",
        "a=outcome:written, a, outcome:written",
        "A.b-c_1=outcome:x=y, A.b-c_1, outcome:x=y",
        "outcome:x=y, outcome:x=y, outcome:x=y",
        "outcome:http://joe:secret@host:1/index, outcome:http://host:1/index, outcome:http://host:1/index",
        "outcome:http://joe:se@ret@host, outcome:http://host, outcome:http://host",
        "outcome:http://host/a%3Fsig=secret, outcome:http://host/a, outcome:http://host/a",
        "outcome://joe:se/c@r/et@host:1/index, outcome://host:1/index, outcome://host:1/index",
        "outcome:///a@b/c, outcome:///a@b/c, outcome:///a@b/c",
    })
    void namesAreStableAndFreeOfSecrets(String uri, String name, String place) throws Exception {
        Destination only = all(uri).get(0);
        assertEquals(name, only.target().name());
        assertEquals(place, only.place());
    }

    @Test
    void anotherOptionIsTheSameSink() throws Exception {
        String uri = "jsonfile:" + data.resolve("m.jsonl");
        assertEquals(uri, all(uri + "?max-size=1MB&gzip=false").get(0).target().name());
    }

    @Test
    void tellsEverythingThatIsWrongAtOnce() {
        ConfigException wrong = assertThrows(
                ConfigException.class,
                () -> all("nosuch:x", "jsonfile:", "jsonfile:/tmp/x?maxsize=1", "outcome:a", "outcome:a"));
        String message = String.valueOf(wrong.getMessage());
        assertTrue(message.startsWith("--sink: "), message);
        for (String part : List.of("\"nosuch\"", "empty", "maxsize", "two sinks are named outcome:a")) {
            assertTrue(message.contains(part), message);
        }
        assertFalse(wrong.hint().isEmpty());
    }

    @ParameterizedTest
    @CsvSource({"jsonfile:/dev/null, device", "x, missing", "a b=outcome:x, 'scheme'"})
    void tellsWhatIsWrong(String uri, String part) {
        ConfigException wrong = assertThrows(ConfigException.class, () -> all(uri));
        assertTrue(String.valueOf(wrong.getMessage()).contains(part), wrong::getMessage);
    }
}
