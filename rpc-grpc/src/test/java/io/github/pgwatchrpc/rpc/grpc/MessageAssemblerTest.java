package io.github.pgwatchrpc.rpc.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.MemoryBudget;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.github.pgwatchrpc.rpc.RpcException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MessageAssemblerTest {

    private static final int LIMIT = 2_000;

    private final MemoryBudget budget = new MemoryBudget(10_000);
    private final MemoryAccount account = new MemoryBudgets(budget, budget, Long.MAX_VALUE).open();
    private final List<String> messages = new ArrayList<>();

    private MessageAssembler assembler() {
        return new MessageAssembler(
                LIMIT,
                account,
                (bytes, offset, length, packed) -> messages.add(
                        (packed ? "packed " : "") + HexFormat.of().formatHex(bytes, offset, offset + length)));
    }

    private static byte[] stream(int... lengths) {
        ByteBuffer out = ByteBuffer.allocate(100_000);
        for (int i = 0; i < lengths.length; i++) {
            byte[] message = new byte[lengths[i]];
            Arrays.fill(message, (byte) (i + 1));
            out.put((byte) (i % 2)).putInt(message.length).put(message);
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    private static List<String> expected(int... lengths) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < lengths.length; i++) {
            all.add((i % 2 == 1 ? "packed " : "") + ("0" + (i + 1)).repeat(lengths[i]));
        }
        return all;
    }

    @Test
    void splitsAtEveryPlaceGiveTheSameMessages() throws IOException {
        int[] lengths = {0, 3, 0, 7, 1};
        byte[] bytes = stream(lengths);
        for (int first = 0; first <= bytes.length; first++) {
            for (int second = first; second <= bytes.length; second++) {
                messages.clear();
                MessageAssembler assembler = assembler();
                assembler.feed(bytes, 0, first);
                assembler.feed(bytes, first, second - first);
                assembler.feed(bytes, second, bytes.length - second);
                assertEquals(expected(lengths), messages, "split at " + first + " and " + second);
                assertFalse(assembler.isInMessage());
                assertEquals(0, budget.used());
            }
        }
    }

    @Test
    void byteByByteItGrowsWithWhatCameNotWithWhatIsPromised() throws IOException {
        byte[] bytes = stream(LIMIT);
        MessageAssembler assembler = assembler();
        for (int i = 0; i < bytes.length; i++) {
            assembler.feed(bytes, i, 1);
            assertTrue(budget.used() <= Math.max(512, 2 * (i + 1)), "after " + (i + 1) + " bytes: " + budget.used());
        }
        assertEquals(expected(LIMIT), messages);
        assertEquals(0, budget.used());
    }

    @Test
    void whatIsTooLongIsRefusedByItsPrefix() {
        for (int there : new int[] {5, 100}) {
            byte[] bytes = Arrays.copyOf(stream(LIMIT + 1), there);
            RpcException refused =
                    assertThrows(RpcException.class, () -> assembler().feed(bytes, 0, there));
            assertEquals(RpcException.Kind.RESOURCE_EXHAUSTED, refused.kind());
            assertEquals("bytes of a message: 2001 (expected: <= 2000)", refused.getMessage());
        }
        byte[] most = {0, -1, -1, -1, -1};
        assertEquals(
                "bytes of a message: 4294967295 (expected: <= 2000)",
                assertThrows(RpcException.class, () -> assembler().feed(most, 0, 5))
                        .getMessage());
    }

    @Test
    void anUnknownFirstByteIsRefused() {
        byte[] bytes = {2, 0, 0, 0, 0};
        RpcException refused =
                assertThrows(RpcException.class, () -> assembler().feed(bytes, 0, 5));
        assertEquals(RpcException.Kind.INTERNAL, refused.kind());
        assertEquals("first byte of a message: 2 (expected: 0 or 1)", refused.getMessage());
    }

    @Test
    void allTogetherAreBounded() throws IOException {
        byte[] bytes = stream(LIMIT);
        List<MessageAssembler> begun = new ArrayList<>();
        RpcException refused = assertThrows(RpcException.class, () -> {
            for (int i = 0; i < 100; i++) {
                MessageAssembler each = assembler();
                begun.add(each);
                each.feed(bytes, 0, 1_500);
            }
        });
        assertEquals(RpcException.Kind.RESOURCE_EXHAUSTED, refused.kind());
        assertEquals(7, begun.size());
        assertTrue(budget.used() <= 10_000);
        begun.forEach(MessageAssembler::close);
        assertEquals(0, budget.used());
    }
}
