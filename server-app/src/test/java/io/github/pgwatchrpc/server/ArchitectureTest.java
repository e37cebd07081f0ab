package io.github.pgwatchrpc.server;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysTrue;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The arrows of docs/architecture.md. */
@NullMarked
class ArchitectureTest {

    private static final String ROOT = "io.github.pgwatchrpc.";

    private static final JavaClasses OURS = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.github.pgwatchrpc");

    @Test
    void theModelAndWhatKeepsLogsReadableKnowOnlyTheJdk() {
        classes()
                .that()
                .resideInAPackage(ROOT + "log..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", ROOT + "log..", "org.jspecify..")
                .check(OURS);
        classes()
                .that()
                .resideInAPackage(ROOT + "measurement..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", ROOT + "measurement..", "org.jspecify..")
                .check(OURS);
    }

    @Test
    void protocolsDoNotKnowSinks() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + "rpc..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + "sink..", ROOT + "server..")
                .check(OURS);
    }

    @Test
    void sinksDoNotKnowProtocolsNorTheirNetty() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + "sink..")
                .and()
                .resideOutsideOfPackage(ROOT + "sink.relay..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + "rpc..", ROOT + "server..", "io.netty..")
                .check(OURS);
    }

    /** Its target is a receiver (ADR 6). */
    @Test
    void theRelayKnowsProtocolsAsTheirClientOnly() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + "sink.relay..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        ROOT + "rpc.listen..", ROOT + "rpc.detect..", ROOT + "rpc.auth..", ROOT + "server..")
                .check(OURS);
    }

    @Test
    void sinksDoNotKnowEachOther() {
        slices().matching(ROOT + "sink.(*)..")
                .should()
                .notDependOnEachOther()
                .ignoreDependency(alwaysTrue(), resideInAPackage(ROOT + "sink.http.."))
                .check(OURS);
    }

    @Test
    void theTransportAndTheKitKnowOnlyTheContract() {
        classes()
                .that()
                .resideInAnyPackage(ROOT + "sink.http..", ROOT + "sink.testkit..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "javax.net.ssl..",
                        ROOT + "measurement..",
                        ROOT + "sink",
                        ROOT + "sink.http..",
                        ROOT + "sink.testkit..",
                        "org.jspecify..",
                        "org.junit.jupiter.api..")
                .check(OURS);
        noClasses()
                .that()
                .resideInAPackage(ROOT + "sink.http..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + "sink.testkit..", "org.junit..")
                .check(OURS);
    }

    @Test
    void deliveryKnowsTheContractOfSinksAndNoSinkAndNoProtocol() {
        classes()
                .that()
                .resideInAPackage(ROOT + "delivery..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "org.slf4j..",
                        "org.jspecify..",
                        ROOT + "delivery..",
                        ROOT + "log..",
                        ROOT + "measurement..",
                        ROOT + "sink")
                .check(OURS);
    }

    @Test
    void deliveryHasOneDirection() {
        slices().matching(ROOT + "delivery.(*)..").should().beFreeOfCycles().check(OURS);
        noClasses()
                .that()
                .resideInAnyPackage(
                        ROOT + "delivery.disk..",
                        ROOT + "delivery.record..",
                        ROOT + "delivery.spool..",
                        ROOT + "delivery.deadletter..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + "delivery", ROOT + "delivery.worker..")
                .check(OURS);
    }

    @Test
    void nothingButTheServerKnowsTheDelivery() {
        noClasses()
                .that()
                .resideInAnyPackage(ROOT + "measurement..", ROOT + "rpc..", ROOT + "sink..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + "delivery..")
                .check(OURS);
    }

    @Test
    void theCodecKnowsNothingOfRpc() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + "rpc.gob..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        ROOT + "rpc",
                        ROOT + "rpc.netrpc..",
                        ROOT + "rpc.listen..",
                        ROOT + "rpc.pgwatch..",
                        "io.netty..")
                .check(OURS);
    }

    @Test
    void netRpcKnowsNothingOfPgwatch() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + "rpc.netrpc..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + "rpc.pgwatch..", ROOT + "measurement..")
                .check(OURS);
    }

    @Test
    void tlsKnowsNothingOfOurs() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + "rpc.tls..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        ROOT + "rpc",
                        ROOT + "rpc.listen..",
                        ROOT + "rpc.netrpc..",
                        ROOT + "rpc.gob..",
                        ROOT + "measurement..")
                .check(OURS);
    }

    @Test
    void keysKnowOnlyTheCore() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + "rpc.auth..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        ROOT + "rpc.netrpc..",
                        ROOT + "rpc.pgwatch..",
                        ROOT + "rpc.listen..",
                        ROOT + "rpc.gob..",
                        ROOT + "rpc.grpc..",
                        ROOT + "rpc.tls..",
                        "io.netty..")
                .check(OURS);
        noClasses()
                .that()
                .resideInAnyPackage(
                        ROOT + "rpc",
                        ROOT + "rpc.netrpc..",
                        ROOT + "rpc.pgwatch..",
                        ROOT + "rpc.listen..",
                        ROOT + "rpc.gob..",
                        ROOT + "rpc.grpc..",
                        ROOT + "rpc.tls..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT + "rpc.auth..")
                .check(OURS);
    }

    @Test
    void detectionIsPure() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + "rpc.detect..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty..", "java.net..", "java.nio.channels..")
                .check(OURS);
    }
}
