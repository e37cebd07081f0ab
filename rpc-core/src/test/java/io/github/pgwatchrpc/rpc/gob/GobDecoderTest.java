package io.github.pgwatchrpc.rpc.gob;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How a decoder goes from value to value. */
final class GobDecoderTest {

    private static GobDecoder decoder(String hex) {
        return new GobDecoder(new ByteArrayInputStream(HexFormat.of().parseHex(hex.replace(" ", ""))));
    }

    @Test
    void nothing() throws IOException {
        GobDecoder decoder = decoder("");
        assertFalse(decoder.hasNext());
        assertEquals(
                "gob: end of stream",
                assertThrows(EOFException.class, decoder::decode).getMessage());
        assertThrows(EOFException.class, decoder::skip);
        assertFalse(decoder.hasNext());
    }

    @Test
    void oneValueAfterTheOther() throws IOException {
        GobDecoder decoder = decoder("0304000a 03040007 040c000161");
        assertTrue(decoder.hasNext());
        assertTrue(decoder.hasNext());
        assertEquals(5L, decoder.decode());
        assertEquals(2, decoder.typeId());
        assertEquals(-4L, decoder.decode(Long.class));
        assertEquals("a", decoder.decode());
        assertEquals(6, decoder.typeId());
    }

    @Test
    void whatIsLeftOfAMessageIsNothing() throws IOException {
        GobDecoder decoder = decoder("0504000affff 0304000c");
        assertEquals(5L, decoder.decode());
        assertEquals(6L, decoder.decode());
        assertFalse(decoder.hasNext());
    }

    @Test
    void theEndInTheMiddle() {
        for (String hex : List.of("fe", "fe01", "03", "0304", "0304 00")) {
            GobDecoder decoder = decoder(hex);
            EOFException e = assertThrows(EOFException.class, decoder::decode, hex);
            assertTrue(e.getMessage().startsWith("gob: the stream ends in the "), e.getMessage());
            assertEquals(
                    e.getMessage(),
                    assertThrows(EOFException.class, decoder::hasNext).getMessage());
        }
        GobDecoder onlyTypes = decoder("0c ff81 02 01 02ff82 00 0104 00 00");
        assertEquals(
                "gob: the stream ends in the middle of a value",
                assertThrows(EOFException.class, onlyTypes::decode).getMessage());
    }

    @Test
    void anEmptyMessage() throws IOException {
        GobException e = assertThrows(GobException.class, () -> decoder("00").decode());
        assertEquals("gob: empty message", e.getMessage());
        e = assertThrows(
                GobException.class,
                () -> decoder("0c ff81 02 01 02ff82 00 0104 00 00  00").decode());
        assertEquals("gob: empty message", e.getMessage());
        GobDecoder pushed = new GobDecoder(GobConfig.DEFAULT);
        pushed.push(new byte[0], 0, 0);
        e = assertThrows(GobException.class, pushed::decode);
        assertEquals("gob: empty message", e.getMessage());
        assertThrows(GobException.class, () -> decoder("f7").decode());
        assertThrows(GobException.class, () -> decoder("80").hasNext());
    }

    @SuppressWarnings("InputStreamSlowMultibyteRead")
    private static final class Failing extends InputStream {
        @Override
        public int read() throws IOException {
            throw new IOException("the line is down");
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            throw new IOException("the line is down");
        }
    }

    @Test
    void aStreamThatFails() throws IOException {
        GobDecoder decoder = new GobDecoder(new Failing());
        IOException e = assertThrows(IOException.class, decoder::hasNext);
        assertEquals("the line is down", e.getMessage());
        IOException again = assertThrows(IOException.class, decoder::decode);
        assertEquals("gob: the stream cannot be read further: the line is down", again.getMessage());
        assertSame(e, again.getCause());

        byte[] stream = Golden.stream("interface-struct");
        InputStream half = new ByteArrayInputStream(Arrays.copyOf(stream, 80));
        GobDecoder inTheMiddle = new GobDecoder(new SequenceInputStream(half, new Failing()));
        e = assertThrows(IOException.class, inTheMiddle::decode);
        assertEquals("the line is down", e.getMessage());
        assertFalse(e instanceof GobException);
    }

    @Test
    void pushing() throws IOException {
        GobDecoder decoder = new GobDecoder(GobConfig.DEFAULT);
        assertFalse(decoder.hasNext());
        assertThrows(GobIncompleteException.class, decoder::decode);
        assertThrows(GobIncompleteException.class, decoder::skip);
        byte[] message = {9, 9, 4, 0, 10, 9};
        decoder.push(message, 2, 3);
        message[4] = 0; // it has been copied
        assertTrue(decoder.hasNext());
        assertEquals(5L, decoder.decode());
        assertFalse(decoder.hasNext());
        GobDecoder reading = decoder("");
        assertThrows(IllegalStateException.class, () -> reading.push(message, 0, 1));
    }

    @Test
    void pushingWhileAValueIsIncomplete() throws IOException {
        List<byte[]> messages = Golden.messages(Golden.stream("stream-late-types"));
        List<Object> whole = Golden.values("stream-late-types");
        GobDecoder decoder = new GobDecoder(GobConfig.DEFAULT);
        int values = 0;
        int incomplete = 0;
        for (byte[] message : messages) {
            decoder.push(message, 0, message.length);
            for (int tries = 0; tries < 3 && decoder.hasNext(); tries++) {
                try {
                    // in another way each time: what has been looked at does not depend on it
                    if (tries == 1) {
                        decoder.skip();
                    } else {
                        Values.assertSame(whole.get(values), decoder.decode(), "value " + values);
                    }
                    values++;
                } catch (GobIncompleteException e) {
                    incomplete++;
                }
            }
        }
        assertEquals(whole.size(), values);
        assertTrue(incomplete > messages.size());
    }

    @Test
    void aBrokenMessageInTheMiddleOfAPushedValue() throws IOException {
        List<byte[]> messages = Golden.messages(Golden.stream("interface-struct"));
        GobDecoder decoder = new GobDecoder(GobConfig.DEFAULT);
        decoder.push(messages.get(0), 0, messages.get(0).length);
        decoder.push(messages.get(1), 0, messages.get(1).length);
        assertThrows(GobIncompleteException.class, decoder::decode);
        decoder.push(new byte[] {127}, 0, 1);
        GobException e = assertThrows(GobException.class, decoder::decode);
        assertFalse(e instanceof GobIncompleteException);
        assertThrows(GobException.class, decoder::decode);
    }

    @Test
    void aTypeThatIsNeverNeeded() throws IOException {
        assertEquals(List.of("before", "after"), Golden.values("crafted-unused-type"));
    }

    @Test
    void manyValuesDoNotMakeTheBufferGrow() throws IOException {
        GobDecoder decoder = new GobDecoder(GobConfig.DEFAULT);
        byte[] message = {4, 0, 10};
        decoder.push(message, 0, message.length);
        for (int i = 0; i < 100_000; i++) {
            decoder.push(message, 0, message.length); // there is always one waiting
            assertEquals(5L, decoder.decode());
        }
        assertTrue(decoder.hasNext());
    }
}
