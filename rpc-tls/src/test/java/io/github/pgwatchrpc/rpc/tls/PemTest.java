package io.github.pgwatchrpc.rpc.tls;

import static io.github.pgwatchrpc.rpc.tls.Errors.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PemTest {
    private static final Path FILE = Path.of("some.pem");

    private static List<Pem.Block> parse(String text) throws TlsException {
        return Pem.parse(FILE, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void encodesWhatItReads() throws TlsException {
        long seed = 20260101;
        Random random = new Random(seed);
        for (int length = 1; length < 300; length++) {
            byte[] first = new byte[length];
            byte[] second = new byte[300 - length];
            random.nextBytes(first);
            random.nextBytes(second);
            List<Pem.Block> blocks = Pem.parse(FILE, Pem.encode(Pem.CERTIFICATE, List.of(first, second)));
            assertEquals(2, blocks.size(), "seed " + seed);
            assertEquals(Pem.CERTIFICATE, blocks.get(0).label());
            assertArrayEquals(first, blocks.get(0).der(), "seed " + seed + ", length " + length);
            assertArrayEquals(second, blocks.get(1).der(), "seed " + seed + ", length " + length);
        }
    }

    @Test
    void linesAreNoLongerThanTheFormatAllows() {
        String text = new String(Pem.encode("X", List.of(new byte[1000])), StandardCharsets.US_ASCII);
        assertTrue(text.lines().allMatch(line -> line.length() <= 64), text);
    }

    @Test
    void passesOverWhatToolsPutAround() throws TlsException {
        List<Pem.Block> blocks = parse("\u00ef\u00bb\u00bf-----BEGIN A-----\r\n  AQID \r\n-----END A-----\r\n"
                + "Bag Attributes\r\n    friendlyName: x\r\n\r\n-----BEGIN B C-----\n\nBAU=\n-----END B C-----");
        assertEquals(List.of("A", "B C"), blocks.stream().map(Pem.Block::label).toList());
        assertArrayEquals(new byte[] {1, 2, 3}, blocks.get(0).der());
        assertArrayEquals(new byte[] {4, 5}, blocks.get(1).der());
    }

    @Test
    void knowsEncryptedBlocksOfBothKinds() throws TlsException {
        assertTrue(parse("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
                .get(0)
                .encrypted());
        assertTrue(parse("""
                        -----BEGIN RSA PRIVATE KEY-----
                        Proc-Type: 4,ENCRYPTED
                        DEK-Info: AES-256-CBC,00

                        AAAA
                        -----END RSA PRIVATE KEY-----
                        """).get(0).encrypted());
        assertFalse(parse("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
                .get(0)
                .encrypted());
    }

    @Test
    void aFileCutOffAnywhereHoldsItsWholeBlocksOrIsRefused() throws TlsException {
        byte[] whole = Pem.encode("X", List.of(new byte[70], new byte[10]));
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            List<Pem.Block> blocks;
            try {
                blocks = Pem.parse(FILE, cut);
            } catch (TlsException e) {
                assertTrue(String.valueOf(e.getMessage()).startsWith("some.pem: "), e.getMessage());
                continue;
            }
            assertArrayEquals(new byte[70], blocks.get(0).der(), "cut at " + length);
        }
    }

    @Test
    void namesWhatIsWrong() {
        refused(() -> parse(""), "some.pem", "empty");
        refused(() -> parse("hello"), "some.pem", "no PEM block in 5 bytes");
        refused(() -> parse("-----BEGIN A-----\nAQID\n"), "block A has no END");
        refused(() -> parse("-----BEGIN A-----\nAQID\n-----BEGIN B-----\n-----END B-----"), "block A has no END");
        refused(() -> parse("-----BEGIN A-----\nAQID\n-----END B-----\n"), "block A has no END");
        TlsException e =
                refused(() -> parse("-----BEGIN PRIVATE KEY-----\n!secret!\n-----END PRIVATE KEY-----"), "not base64");
        assertEquals(null, e.getCause(), "a decoder's message quotes what it decodes");
    }
}
