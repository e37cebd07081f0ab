package io.github.pgwatchrpc.rpc.grpc.protobuf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

final class ProtoReaderTest {

    private static ProtoReader reader(String hex) {
        return new ProtoReader(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    private static String error(String hex, Read read) {
        ProtoReader in = reader(hex);
        return assertThrows(ProtoException.class, () -> read.from(in)).getMessage();
    }

    private interface Read {
        Object from(ProtoReader in) throws ProtoException;
    }

    /** A field of each kind, as the format's own page shows them: {@code 08 96 01} is field 1 with 150. */
    @Test
    void readsEveryWireType() throws ProtoException {
        ProtoReader in =
                reader("08 9601  12 07 74657374696e67  19 000000000000f03f  25 01000000  28 ffffffffffffffffff01");
        assertEquals(1 << 3, in.readTag());
        assertEquals(150, in.readVarint());
        assertEquals(2 << 3 | 2, in.readTag());
        assertEquals("testing", in.readString());
        assertEquals(3 << 3 | 1, in.readTag());
        assertEquals(1.0, in.readDouble());
        assertEquals(4 << 3 | 5, in.readTag());
        in.skip(4 << 3 | 5);
        assertEquals(5 << 3, in.readTag());
        assertEquals(-1, in.readVarint());
        assertEquals(0, in.readTag());
        assertEquals(0, in.readTag(), "the end stays the end");
    }

    @Test
    void readsTagsOfAllLengths() throws ProtoException {
        assertEquals(16 << 3 | 2, reader("8201").readTag());
        assertEquals(536_870_911 << 3 | 7, reader("ffffffff0f").readTag());
        assertEquals(1 << 3 | 2, reader("8a 80 00").readTag(), "more bytes than needed");
    }

    @Test
    void entersAndLeavesMessages() throws ProtoException {
        ProtoReader in = reader("0a 04 1002 1803  20 01");
        assertEquals(1 << 3 | 2, in.readTag());
        int outer = in.enter();
        assertEquals(2 << 3, in.readTag());
        assertEquals(2, in.readVarint());
        in.leave(outer);
        assertEquals(4 << 3, in.readTag(), "what was not read is stepped over");
        assertEquals(1, in.readVarint());
        assertEquals(0, in.readTag());
    }

    @Test
    void skipsEveryWireTypeAndGroups() throws ProtoException {
        ProtoReader in = reader("0801 09 0102030405060708 1202abcd 1d01020304  23 0801 2b 2c 24  2801");
        for (int expected : new int[] {1 << 3, 1 << 3 | 1, 2 << 3 | 2, 3 << 3 | 5, 4 << 3 | 3}) {
            int tag = in.readTag();
            assertEquals(expected, tag);
            in.skip(tag);
        }
        assertEquals(5 << 3, in.readTag());
    }

    @Test
    void namesWhatIsWrong() {
        assertEquals("protobuf: a number is cut off after 2 bytes", error("8080", ProtoReader::readVarint));
        assertEquals(
                "protobuf: bytes of a number: more than 10 (expected: <= 10)",
                error("ffffffffffffffffffffff", ProtoReader::readVarint));
        assertEquals("protobuf: number of a field: 0 (expected: 1 to 536870911)", error("00", ProtoReader::readTag));
        assertEquals(
                "protobuf: number of a field: 536870912 (expected: 1 to 536870911)",
                error("8080808010", ProtoReader::readTag));
        assertEquals(
                "protobuf: bytes of a field: 4294967295 (expected: <= 1, as many as are left)",
                error("ffffffff0f 00", ProtoReader::readBytes));
        assertEquals(
                "protobuf: bytes of a field: 18446744073709551615 (expected: <= 0, as many as are left)",
                error("ffffffffffffffffff01", ProtoReader::enter));
        assertEquals(
                "protobuf: bytes left for a value: 7 (expected: >= 8)",
                error("00010203040506", ProtoReader::readDouble));
        assertEquals("protobuf: wire type of field 1: 6 (expected: 0 to 3, or 5)", error("", in -> {
            in.skip(1 << 3 | 6);
            return in;
        }));
        assertEquals("protobuf: group of field 1 does not end", error("1001", in -> {
            in.skip(1 << 3 | 3);
            return in;
        }));
    }

    @Test
    void groupsAreBounded() {
        byte[] groups = new byte[1000];
        Arrays.fill(groups, (byte) (1 << 3 | 3));
        ProtoReader in = new ProtoReader(groups);
        assertEquals(
                "protobuf: nesting of groups is deeper than 32",
                assertThrows(ProtoException.class, () -> in.skip(in.readTag())).getMessage());
    }

    @Test
    void writerWritesWhatReaderReads() throws ProtoException {
        byte[] big = new byte[300];
        Arrays.fill(big, (byte) 7);
        ProtoWriter out = new ProtoWriter()
                .varint(1, -1)
                .text(2, "grün")
                .message(3, new ProtoWriter().varint(1, 300))
                .bytes(20, big, 0, big.length);
        ProtoReader in = new ProtoReader(out.toBytes());
        assertEquals(1 << 3, in.readTag());
        assertEquals(-1, in.readVarint());
        assertEquals(2 << 3 | 2, in.readTag());
        assertEquals("grün", in.readString());
        assertEquals(3 << 3 | 2, in.readTag());
        int outer = in.enter();
        assertEquals(1 << 3, in.readTag());
        assertEquals(300, in.readVarint());
        in.leave(outer);
        assertEquals(20 << 3 | 2, in.readTag());
        int begin = in.readBytes();
        assertArrayEquals(big, Arrays.copyOfRange(in.array(), begin, begin + in.length()));
        assertEquals(0, in.readTag());
    }
}
