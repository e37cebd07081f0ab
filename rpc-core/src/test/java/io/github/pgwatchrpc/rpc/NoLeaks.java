package io.github.pgwatchrpc.rpc;

import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class whose buffers were not released. Netty notices that when such a buffer is garbage; so a buffer is
 * lost on purpose, and once the detector has found that one, it has found those before it too.
 *
 * <p>Registered for every test class (META-INF/services), since Netty asks for its detectors only once.
 */
public final class NoLeaks implements BeforeAllCallback, AfterAllCallback {

    private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();
    private static final AtomicInteger BAITS = new AtomicInteger();

    private static final class Factory extends ResourceLeakDetectorFactory {
        @Override
        @Deprecated
        @SuppressWarnings("InlineMeSuggester")
        public <T> ResourceLeakDetector<T> newResourceLeakDetector(
                Class<T> resource, int samplingInterval, long maxActive) {
            return newResourceLeakDetector(resource, samplingInterval);
        }

        @Override
        public <T> ResourceLeakDetector<T> newResourceLeakDetector(Class<T> resource, int samplingInterval) {
            return new Recording<>(resource, samplingInterval);
        }
    }

    private static final class Recording<T> extends ResourceLeakDetector<T> {
        Recording(Class<?> resource, int samplingInterval) {
            super(resource, samplingInterval);
        }

        @Override
        protected boolean needReport() {
            return true;
        }

        @Override
        protected void reportTracedLeak(String resourceType, String records) {
            LEAKS.add(resourceType + records);
        }

        @Override
        protected void reportUntracedLeak(String resourceType) {
            LEAKS.add(resourceType);
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new Factory());
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        String bait = "bait number " + BAITS.incrementAndGet() + ";";
        lose(bait);
        for (int round = 0; round < 200; round++) {
            System.gc();
            // what has become garbage is reported when another buffer is made
            ByteBufAllocator.DEFAULT.directBuffer(1).release();
            if (LEAKS.removeIf(each -> each.contains(bait))) {
                List<String> leaks = List.copyOf(LEAKS);
                LEAKS.clear();
                if (!leaks.isEmpty()) {
                    throw new AssertionError(leaks.size() + " buffers were not released; the first: " + leaks.get(0));
                }
                return;
            }
        }
        throw new AssertionError("the leak detector does not work");
    }

    private static void lose(String bait) {
        ByteBufAllocator.DEFAULT.directBuffer(1).touch(bait);
    }
}
