package io.github.pgwatchrpc.sink.pubsub;

import io.github.pgwatchrpc.sink.testkit.Fault;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;

/** Envelope messages in order, with a schema, and compressed on their way; a service without IAM, as emulators are. */
class OrderedEnvelopesCompatibilityTest extends PubSubKit {
    OrderedEnvelopesCompatibilityTest() throws IOException {
        super(FakePubSub.start(), "&message=envelope&ordering-key=metric&compression=transport&schema=rows");
    }

    @Override
    protected Set<Fault> faults() {
        // ten rows of an envelope are one message, of which the service takes all or nothing
        return EnumSet.complementOf(EnumSet.of(Fault.PARTLY_BUSY));
    }

    @Override
    protected void mend(Fault fault) throws Exception {
        super.mend(fault);
        if (fault == Fault.UNUSABLE) {
            fake.deleteTopic(TOPIC);
            try (var sink = new io.github.pgwatchrpc.sink.Sinks(java.util.List.of(provider()))
                    .create(uri(), java.util.Map.of())) {
                sink.provision();
            }
        }
    }
}
