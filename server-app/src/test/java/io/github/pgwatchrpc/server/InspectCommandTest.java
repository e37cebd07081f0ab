package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.rpc.auth.ApiKey;
import io.github.pgwatchrpc.rpc.gob.GobWriter;
import io.github.pgwatchrpc.rpc.pgwatch.EnvelopeEncoder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Go wrote is shown as the truth beside it says. */
class InspectCommandTest {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Path GOLDEN = Path.of("..", "rpc-core", "src", "test", "resources", "gob");

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    private record Call(long seq, String method, JsonNode argument) {}

    /** The calls of a truth, and the methods of headers without argument. */
    private static List<Call> truth(String name, List<String> orphans) throws IOException {
        List<Call> calls = new ArrayList<>();
        JsonNode header = JSON.nullNode();
        for (JsonNode entry : MAPPER.readTree(GOLDEN.resolve(name + ".json").toFile())) {
            JsonNode value = entry.path("value");
            if (value.path("name").asText().equals("Request")) {
                if (!header.isNull()) {
                    orphans.add(header.path("ServiceMethod").asText());
                }
                header = plain(value, "");
            } else {
                calls.add(new Call(
                        header.path("Seq").path("v").asLong(),
                        header.path("ServiceMethod").asText(),
                        plain(value, "")));
                header = JSON.nullNode();
            }
        }
        return calls;
    }

    /** A value of the truth in the form that {@code --types} shows; {@code in} is the name that an interface gives it. */
    private static JsonNode plain(JsonNode value, String in) {
        String kind = value.path("t").asText();
        String text = value.path("v").asText();
        switch (kind) {
            case "struct" -> {
                ObjectNode object = JSON.objectNode();
                value.path("fields")
                        .forEach(field -> object.set(
                                field.path(0).asText(),
                                plain(
                                        field.path(1),
                                        field.path(0).asText().equals("Operation")
                                                        && field.path(1)
                                                                .path("t")
                                                                .asText()
                                                                .equals("string")
                                                ? "string"
                                                : "")));
                return object;
            }
            case "map" -> {
                ObjectNode object = JSON.objectNode();
                value.path("entries").forEach(entry -> {
                    JsonNode key = plain(entry.path(0), "");
                    object.set(key.isObject() ? key.path("v").asText() : key.asText(), plain(entry.path(1), ""));
                });
                return object;
            }
            case "slice", "array" -> {
                ArrayNode list = JSON.arrayNode();
                value.path("elem").forEach(each -> list.add(plain(each, "")));
                return list;
            }
            case "interface" -> {
                return plain(value.path("value"), value.path("name").asText());
            }
            case "nil" -> {
                return JSON.objectNode().put("t", "nil");
            }
            case "bytes" -> {
                return JSON.objectNode().put("t", "[]byte").put("v", text);
            }
            case "float" -> {
                // the truth widens a float32
                String shown = in.equals("float32") && Float.isFinite(Float.parseFloat(text.replace("Inf", "Infinity")))
                        ? InspectDecoder.goText(Float.parseFloat(text))
                        : text;
                return JSON.objectNode().put("t", in.isEmpty() ? "float64" : in).put("v", shown);
            }
            case "int", "uint" -> {
                return JSON.objectNode().put("t", in.isEmpty() ? kind : in).put("v", text);
            }
            default -> {
                if (!in.isEmpty()) {
                    return JSON.objectNode().put("t", in).put("v", text);
                }
                return kind.equals("bool") ? JSON.booleanNode(value.path("v").asBoolean()) : JSON.textNode(text);
            }
        }
    }

    /** All that the truth has; fields that it lacks are zero, and shown. */
    private static void assertShown(JsonNode wanted, JsonNode is, String where) {
        if (wanted.isObject() && !wanted.has("t")) {
            wanted.properties()
                    .forEach(field ->
                            assertShown(field.getValue(), is.path(field.getKey()), where + "." + field.getKey()));
        } else if (wanted.isArray()) {
            assertEquals(wanted.size(), is.size(), where);
            for (int i = 0; i < wanted.size(); i++) {
                assertEquals(wanted.get(i).size(), is.get(i).size(), where);
                assertShown(wanted.get(i), is.get(i), where + "[" + i + "]");
            }
        } else {
            assertEquals(wanted, is, where);
        }
    }

    private static void assertCalls(List<Call> wanted, List<String> lines) throws IOException {
        assertEquals(wanted.size(), lines.size());
        for (int i = 0; i < lines.size(); i++) {
            JsonNode line = MAPPER.readTree(lines.get(i));
            assertEquals(wanted.get(i).seq(), line.path("seq").asLong());
            assertEquals(wanted.get(i).method(), line.path("method").asText());
            assertTrue(line.path("bytes").asInt() > 0);
            assertShown(
                    wanted.get(i).argument(),
                    line.path("args"),
                    "seq " + wanted.get(i).seq());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pgwatch-v3.0-connection",
                "pgwatch-v3.5-connection",
                "pgwatch-v3.7-connection",
                "pgwatch-v3.7-orphan-first",
                "pgwatch-v3.7-orphan-middle"
            })
    void showsRecordedConnections(String name) throws IOException {
        List<String> orphans = new ArrayList<>();
        List<Call> calls = truth(name, orphans);
        Ran ran =
                Ran.command("inspect", "--types", GOLDEN.resolve(name + ".gob").toString());
        assertEquals(ExitCode.FINE, ran.code(), ran::err);
        assertCalls(calls, ran.out().lines().toList());
        assertEquals(
                orphans.stream()
                        .map(method ->
                                "a header of " + method + " without its argument, which the client could not encode")
                        .toList(),
                ran.errLines());
    }

    @Test
    void aPreambleAndGzipMakeNoDifference() throws IOException {
        byte[] gob = Files.readAllBytes(GOLDEN.resolve("pgwatch-v3.7-connection.gob"));
        Ran plain = Ran.command(
                "inspect", GOLDEN.resolve("pgwatch-v3.7-connection.gob").toString());
        Path file = directory.resolve("recorded.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write("CONNECT /_goRPC_ HTTP/1.0\n\n".getBytes(StandardCharsets.US_ASCII));
            out.write(gob);
        }
        Ran ran = Ran.command("inspect", file.toString());
        assertEquals(plain, ran);
        assertEquals(ExitCode.FINE, ran.code());
    }

    @Test
    void whatIsCutOffFailsAfterShowingTheRest() throws IOException {
        byte[] gob = Files.readAllBytes(GOLDEN.resolve("pgwatch-v3.7-connection.gob"));
        Path file = Files.write(directory.resolve("cut"), java.util.Arrays.copyOf(gob, gob.length - 1));
        Ran ran = Ran.command("inspect", file.toString());
        assertEquals(ExitCode.FAILED, ran.code());
        assertEquals(3, ran.out().lines().count());
        assertEquals(2, ran.errLines().size(), ran::err);
        assertTrue(ran.errLines().get(0).endsWith("the recording ends in the middle of a call"), ran::err);
    }

    @Test
    void anEmptyFileHoldsNoCall() throws IOException {
        Ran ran = Ran.command(
                "inspect", Files.createFile(directory.resolve("empty")).toString());
        assertEquals(new Ran(ExitCode.FINE, "", ""), ran);
    }

    /** As a client with a key in the field, and a tag as an unmodified pgwatch has it, writes them. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void keysAreNotShown(boolean types) throws Exception {
        String key = ApiKey.generate(new SecureRandom()).text();
        GobWriter writer = new GobWriter();
        new EnvelopeEncoder(writer, "sesame-field")
                .encode(new EnvelopeBuilder()
                        .database("db")
                        .metric("m")
                        .customTag("pgwatch_rpc_key", "sesame-tag")
                        .customTag("env", "test")
                        .customTag("Pgwatch_rpc_key", "sesame-spelling")
                        .row(Map.of(
                                "pgwatch_rpc",
                                "stays",
                                "tag_pgwatch_rpc_key",
                                "sesame-column",
                                "text",
                                "before " + key,
                                "bytes",
                                key.getBytes(StandardCharsets.US_ASCII)))
                        .build());
        GobWriter header = new GobWriter();
        AuthTest.defineRequest(header);
        int message = header.beginMessage();
        header.writeInt(AuthTest.REQUEST);
        header.writeUint(1);
        header.writeString("Receiver.UpdateMeasurements");
        header.writeUint(1);
        header.writeUint(1);
        header.writeUint(0);
        header.endMessage(message);
        Path file = directory.resolve("recording");
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(header.array(), 0, header.size());
            out.write(writer.array(), 0, writer.size());
        }
        Ran ran = types ? Ran.command("inspect", "--types", file.toString()) : Ran.command("inspect", file.toString());
        assertTrue(ran.out().contains(InspectDecoder.MASK), () -> ran.out() + ran.err());
        assertFalse((ran.out() + ran.err()).contains("sesame"), ran::out);
        assertFalse((ran.out() + ran.err()).contains(key), ran::out);
        String hex = HexFormat.of().formatHex(key.getBytes(StandardCharsets.US_ASCII));
        assertFalse(ran.out().contains(hex), ran::out);
        assertTrue(ran.out().contains("stays") && ran.out().contains("test"), ran::out);
    }
}
