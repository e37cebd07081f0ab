package io.github.pgwatchrpc.rpc.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import org.junit.jupiter.api.Test;

/** Where frames end, however their bytes come. */
final class FrameBoundsTest {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private void frame(int type, int flags, int length) {
        out.writeBytes(RawClient.frameOf(length, type, flags, 1, new byte[length]));
    }

    @Test
    void splitsMakeNoDifference() {
        out.writeBytes(new byte[24]);
        frame(RawClient.SETTINGS, 0, 0);
        frame(RawClient.HEADERS, RawClient.END_HEADERS, 7);
        frame(RawClient.DATA, 4, 300);
        frame(RawClient.HEADERS, 0, 5);
        int open = out.size();
        frame(RawClient.CONTINUATION, 0, 0);
        frame(RawClient.CONTINUATION, RawClient.END_HEADERS, 6);
        frame(RawClient.PING, 0, 8);
        byte[] all = out.toByteArray();
        for (int first = 0; first <= all.length; first++) {
            for (int second : new int[] {first, Math.min(all.length, first + 1), all.length}) {
                FrameBounds bounds = new FrameBounds();
                bounds.follow(Unpooled.wrappedBuffer(all, 0, first));
                bounds.follow(Unpooled.wrappedBuffer(all, first, second - first));
                if (second == open) {
                    assertTrue(bounds.isUnfinished());
                    assertEquals(5, bounds.unfinishedBlock());
                    assertEquals(4, bounds.ended());
                }
                bounds.follow(Unpooled.wrappedBuffer(all, second, all.length - second));
                assertFalse(bounds.isUnfinished());
                assertEquals(6, bounds.ended(), "the preface, SETTINGS, HEADERS, DATA, the block, PING");
                assertEquals(0, bounds.unfinishedBlock());
                assertEquals(18, bounds.blocks());
            }
        }
    }

    @Test
    void everyByteMoreIsUnfinished() {
        out.writeBytes(new byte[24]);
        frame(RawClient.PING, 0, 8);
        byte[] all = out.toByteArray();
        FrameBounds bounds = new FrameBounds();
        for (int i = 0; i < all.length; i++) {
            bounds.follow(Unpooled.wrappedBuffer(all, i, 1));
            assertEquals(i != 23 && i != all.length - 1, bounds.isUnfinished(), "byte " + i);
        }
    }
}
