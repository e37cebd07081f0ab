package io.github.pgwatchrpc.measurement;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class KeyTextTest {

    private static final String KEY = "pgwrpc_0123456789-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijk";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pgwatch_rpc_key",
                "PGWATCH_RPC_KEY",
                "Pgwatch_rpc_key",
                "tag_pgwatch_rpc_key",
                "TAG_pgwatch_rpc_KEY"
            })
    void namesOfAKeyAreKnownInAnySpelling(String name) {
        assertTrue(KeyText.isTag(name));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "key",
                "pgwatch_rpc_keys",
                "my_pgwatch_rpc_key",
                "xag_pgwatch_rpc_key",
                "tag_tag_pgwatch_rpc_key"
            })
    void otherNamesAreNot(String name) {
        assertFalse(KeyText.isTag(name));
    }

    @Test
    void aKeyIsMaskedWhereverItStands() {
        assertEquals(56, KEY.length());
        assertEquals("pgwrpc_***", KeyText.mask(KEY));
        assertEquals("grpc://u:pgwrpc_***@h ü", KeyText.mask("grpc://u:" + KEY + "@h ü"));
        assertEquals("(pgwrpc_***, pgwrpc_***.", KeyText.mask("(" + KEY + ", pgwrpc_" + KEY + "."));
        // mistyped, cut short, with a letter too many
        assertEquals("pgwrpc_***", KeyText.mask(KEY.replace('A', 'B')));
        assertEquals("pgwrpc_***", KeyText.mask(KEY + "x"));
        assertEquals("pgwrpc_***", KeyText.mask(KEY.substring(0, 7 + KeyText.LEAST)));
    }

    @Test
    void whatIsNoKeyStays() {
        for (String text : List.of(
                "",
                "pgwrpc_",
                "select * from pgwrpc_measurements_2026",
                KEY.substring(0, 6 + KeyText.LEAST),
                KEY.substring(1),
                "pgwrpc_***")) {
            assertSame(text, KeyText.mask(text));
        }
    }

    /** Held against a regular expression, which is slower and plainer. */
    @Test
    void findsWhatARegularExpressionFinds() {
        Pattern pattern = Pattern.compile("pgwrpc_[A-Za-z0-9_-]{32,}");
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String[] pieces = {"pgwrpc_", "pgw", "rpc_", "_", "p", "c_", ".", "AZaz09-_AZaz09-_AZaz09-_AZaz09-_", "x", KEY};
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int parts = random.nextInt(12); parts > 0; parts--) {
                text.append(pieces[random.nextInt(pieces.length)]);
            }
            String all = text.toString();
            assertEquals(
                    pattern.matcher(all).replaceAll("pgwrpc_***"),
                    KeyText.mask(all),
                    () -> "seed " + seed + ": " + all);
        }
    }

    @Test
    void partsOfBytesAreLookedThrough() {
        byte[] bytes = ("\u00e9" + KEY + "!").getBytes(StandardCharsets.ISO_8859_1);
        assertEquals(1, KeyText.find(bytes, 0, bytes.length));
        assertEquals(-1, KeyText.find(bytes, 2, bytes.length));
        assertEquals(-1, KeyText.find(bytes, 0, 7 + KeyText.LEAST));
        assertArrayEquals(
                "\u00e9pgwrpc_***!".getBytes(StandardCharsets.ISO_8859_1), KeyText.mask(bytes, 0, bytes.length));
        assertArrayEquals("!".getBytes(StandardCharsets.US_ASCII), KeyText.mask(bytes, bytes.length - 1, bytes.length));
    }

    @Test
    void anEnvelopeLosesItsKeysAndNothingElse() {
        Map<String, @Nullable Object> row = new LinkedHashMap<>();
        row.put("epoch_ns", 1L);
        row.put("tag_pgwatch_rpc_key", "hunter2");
        row.put("tag_env", "prod");
        row.put("Pgwatch_RPC_key", 5L);
        row.put("text", "before " + KEY + " behind");
        row.put("bytes", (KEY + "\0").getBytes(StandardCharsets.US_ASCII));
        row.put("n" + KEY, null);
        row.put("list", Arrays.asList(1L, null, List.of(KEY), KEY.getBytes(StandardCharsets.US_ASCII)));
        row.put("object", Map.of("PGWATCH_RPC_KEY", "hunter2", "deep", Map.of(KEY, List.of(Map.of("x", KEY)))));
        row.put("single", 0.5f);
        MeasurementEnvelope clean = new EnvelopeBuilder()
                .database("d" + KEY)
                .metric(KEY)
                .receivedAt(7)
                .customTag("Pgwatch_rpc_key", "hunter2")
                .customTag("env", "prod")
                .customTag("a" + KEY, KEY + " b")
                .row(Map.of("plain", true))
                .row(row)
                .build()
                .withoutKeys();
        assertEquals("dpgwrpc_***", clean.database());
        assertEquals("pgwrpc_***", clean.metric());
        assertEquals(7, clean.receivedAt());
        assertEquals(Map.of("env", "prod", "apgwrpc_***", "pgwrpc_*** b"), clean.customTags());
        Map<String, @Nullable Object> left = new LinkedHashMap<>();
        left.put("epoch_ns", 1L);
        left.put("tag_env", "prod");
        left.put("text", "before pgwrpc_*** behind");
        left.put("bytes", "pgwrpc_***\0".getBytes(StandardCharsets.US_ASCII));
        left.put("npgwrpc_***", null);
        left.put(
                "list",
                Arrays.asList(1L, null, List.of("pgwrpc_***"), "pgwrpc_***".getBytes(StandardCharsets.US_ASCII)));
        left.put("object", Map.of("deep", Map.of("pgwrpc_***", List.of(Map.of("x", "pgwrpc_***")))));
        left.put("single", 0.5f);
        assertEquals(
                new EnvelopeBuilder()
                        .row(Map.of("plain", true))
                        .row(left)
                        .build()
                        .rows(),
                clean.rows());
    }

    @Test
    void eachPlaceIsSeenByItself() {
        assertNotKept(new EnvelopeBuilder().database(KEY));
        assertNotKept(new EnvelopeBuilder().metric(KEY));
        assertNotKept(new EnvelopeBuilder().customTag("x", KEY));
        assertNotKept(new EnvelopeBuilder().customTag(KEY, "x"));
        assertNotKept(new EnvelopeBuilder().customTag("PGWATCH_rpc_key", "hunter2"));
        assertNotKept(new EnvelopeBuilder().row(Map.of("tag_pgwatch_rpc_key", "hunter2")));
        assertNotKept(new EnvelopeBuilder().row(Map.of(KEY, 1L)));
        assertNotKept(new EnvelopeBuilder().row(Map.of("x", KEY)));
        assertNotKept(new EnvelopeBuilder().row(Map.of("x", KEY.getBytes(StandardCharsets.US_ASCII))));
        assertNotKept(new EnvelopeBuilder().row(Map.of("x", List.of(List.of(KEY)))));
        assertNotKept(new EnvelopeBuilder().row(Map.of("x", Map.of(KEY, 1L))));
        assertNotKept(new EnvelopeBuilder().row(Map.of("x", List.of(Map.of("pgwatch_rpc_key", "hunter2")))));
    }

    private static void assertNotKept(EnvelopeBuilder builder) {
        MeasurementEnvelope clean = builder.build().withoutKeys();
        BinaryWriter writer = new BinaryWriter();
        writer.envelope(clean);
        String kept = new String(writer.buffer(), 0, writer.length(), StandardCharsets.ISO_8859_1);
        assertFalse(kept.contains(KEY) || kept.contains("hunter2"), kept);
    }

    @Test
    void anEnvelopeWithoutKeysIsTheSame() {
        MeasurementEnvelope plain = new EnvelopeBuilder()
                .database("shop")
                .customTag("env", "prod")
                .row(Map.of("x", "pgwrpc_measurements", "y", List.of(Map.of("z", "pgwrpc_"))))
                .build();
        assertSame(plain, plain.withoutKeys());
        // two texts that lie side by side are not one
        MeasurementEnvelope beside = new EnvelopeBuilder()
                .beginRow()
                .put("a", "pgwrpc_")
                .put("b", KEY.substring(7))
                .endRow()
                .build();
        assertSame(beside, beside.withoutKeys());
    }

    /** Bytes that are no UTF-8 stay as they came. */
    @Test
    void whatIsNoTextStaysBesideAKey() {
        byte[] broken = {(byte) 0xff, 'a', (byte) 0xc3};
        EnvelopeBuilder builder = new EnvelopeBuilder().beginRow();
        builder.putText(builder.column("broken"), broken, 0, 3).put("key", KEY);
        MeasurementEnvelope clean = builder.endRow().build().withoutKeys();
        clean.get(0)
                .readBytes(
                        0,
                        (bytes, offset, length) ->
                                assertArrayEquals(broken, Arrays.copyOfRange(bytes, offset, offset + length)));
        assertEquals("pgwrpc_***", clean.get(0).value(1));
    }
}
