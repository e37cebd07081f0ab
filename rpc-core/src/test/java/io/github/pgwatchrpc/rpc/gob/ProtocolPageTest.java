package io.github.pgwatchrpc.rpc.gob;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds every sample of bytes in docs/protocol/gob.md against the codec. */
final class ProtocolPageTest {

    private static final Path PAGE = Path.of("..", "docs", "protocol", "gob.md");
    private static final Pattern ROW = Pattern.compile("\\| (\\w+) \\| (.*?) \\| `([0-9a-f ]+)` \\|");
    private static final Pattern HEX = Pattern.compile("`[0-9a-f]{2}( [0-9a-f]{2})*`");

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    @Test
    void rows() throws IOException {
        int rows = 0;
        for (String line : Files.readAllLines(PAGE)) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                checkRow(row.group(1), row.group(2), hex(row.group(3)), line);
                rows++;
            } else if (HEX.matcher(line).find()) {
                fail("bytes that nothing checks: " + line);
            }
        }
        assertTrue(rows >= 28, "rows: " + rows);
    }

    private static void checkRow(String type, String value, byte[] bytes, String line) throws IOException {
        GobWriter out = new GobWriter();
        GobReader in = new GobReader(GobLimits.DEFAULT).reset(bytes, 0, bytes.length);
        switch (type) {
            case "uint" -> {
                out.writeUint(Long.parseUnsignedLong(value));
                assertEquals(value, Long.toUnsignedString(in.readUint()), line);
            }
            case "int" -> {
                out.writeInt(Long.parseLong(value));
                assertEquals(value, Long.toString(in.readInt()), line);
            }
            case "bool" -> {
                out.writeBool(Boolean.parseBoolean(value));
                assertEquals(value, Boolean.toString(in.readBool()), line);
            }
            case "float" -> {
                out.writeFloat(Double.parseDouble(value));
                assertEquals(value, Double.toString(in.readFloat()), line);
            }
            case "complex" -> {
                for (String part : value.split(" ")) {
                    out.writeFloat(Double.parseDouble(part));
                    assertEquals(part, Double.toString(in.readFloat()), line);
                }
            }
            case "string" -> {
                out.writeString(value);
                assertEquals(value, in.readString(), line);
            }
            case "bytes" -> {
                out.writeBytes(hex(value));
                int begin = in.readBytes();
                assertArrayEquals(hex(value), Arrays.copyOfRange(bytes, begin, begin + in.length()), line);
            }
            default -> fail("unknown type: " + line);
        }
        assertEquals(0, in.remaining(), line);
        assertArrayEquals(bytes, Arrays.copyOf(out.array(), out.size()), line);
    }

    @Test
    void blocks() throws IOException {
        int blocks = 0;
        boolean inside = false;
        StringBuilder bytes = new StringBuilder();
        List<String> values = new ArrayList<>();
        for (String line : Files.readAllLines(PAGE)) {
            if (line.equals("```gob")) {
                inside = true;
                bytes.setLength(0);
                values.clear();
            } else if (inside && line.equals("```")) {
                inside = false;
                checkBlock(hex(bytes.toString()), values);
                blocks++;
            } else if (inside && line.startsWith("= ")) {
                values.add(line.substring(2));
            } else if (inside) {
                bytes.append(line.replaceAll("#.*", ""));
            }
        }
        assertTrue(blocks >= 11, "blocks: " + blocks);
    }

    private static void checkBlock(byte[] stream, List<String> values) throws IOException {
        List<Object> decoded = Golden.values(new ByteArrayInputStream(stream));
        assertEquals(values, decoded.stream().map(GenericText::of).toList());
        GobDecoder decoder = new GobDecoder(new ByteArrayInputStream(stream));
        GobEncoder encoder = new GobEncoder();
        while (decoder.hasNext()) {
            encoder.encode(decoder.decode(), decoder.types(), decoder.typeId());
        }
        assertEquals(
                HexFormat.of().formatHex(stream), HexFormat.of().formatHex(encoder.toByteArray()), values.toString());
    }

    @Test
    void defaultBounds() throws IOException {
        String page = Files.readString(PAGE);
        GobLimits limits = GobLimits.DEFAULT;
        for (String row : List.of(
                "in several messages | " + limits.messageBytes() / (1 << 20) + " MiB |",
                "| nesting of values | " + limits.depth() + " |",
                String.format("| types in a stream | %,d |", limits.typeDefinitions()),
                "together " + GobTypes.FULL_DEFINITIONS + " times as many | " + limits.typeBytes() / 1024 + " KiB |",
                String.format("| elements of a collection | %,d |", limits.elements()),
                "| bytes of a string | " + limits.stringBytes() / (1 << 20) + " MiB |",
                "where they cannot be compared | " + SameHash.LIMIT + " |")) {
            assertTrue(page.contains(row), "missing in the page: " + row);
        }
    }
}
