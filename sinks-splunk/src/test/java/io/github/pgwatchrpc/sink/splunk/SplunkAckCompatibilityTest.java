package io.github.pgwatchrpc.sink.splunk;

import io.github.pgwatchrpc.sink.testkit.Fault;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;

/** Events that the indexer confirms at the second poll, in requests of a few of them. */
class SplunkAckCompatibilityTest extends HecKit {

    SplunkAckCompatibilityTest() throws IOException {
        stub.acknowledges(1);
    }

    @Override
    protected String uri() {
        return super.uri() + "&ack=true&ack-timeout=2s&max-body=1KB";
    }

    @Override
    protected Set<Fault> faults() {
        EnumSet<Fault> faults = EnumSet.copyOf(super.faults());
        faults.add(Fault.PARTLY_BUSY);
        return faults;
    }
}
