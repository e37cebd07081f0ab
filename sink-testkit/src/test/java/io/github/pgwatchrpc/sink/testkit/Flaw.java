package io.github.pgwatchrpc.sink.testkit;

/** What can be wrong with a sink, and which test of the kit must see it. */
enum Flaw {
    WRONG_DESCRIPTION("describesItself"),
    NOT_REGISTERED("isFoundByTheServiceLoader"),
    TELLS_ONE_PROBLEM("saysEverythingThatIsWrongAtOnce"),
    FAILS_ON_ODD_TARGETS("noTextIsWorseThanAWrongConfiguration"),
    SHOWS_SECRET("neverPrintsSecrets"),
    OPENING_WRITES("creatingAndOpeningWriteNothing"),
    CREATING_CONNECTS("isMadeWhileTheBackendIsBroken"),
    OPENING_LIES("isMadeWhileTheBackendIsBroken"),
    LOSES_EVERYTHING("oneRowArrives"),
    LOSES_LAST_ROW("manyRowsOfManyDatabasesArrive"),
    REVERSES("manyRowsOfManyDatabasesArrive"),
    INTEGERS_AS_DOUBLES("everyTypeArrives"),
    DROPS_NULLS("everyTypeArrives"),
    TRUNCATES_FRACTIONS("oneColumnOfManyTypesArrives"),
    CUTS_TEXT("emptyAndHugeRowsArrive"),
    DROPS_EMPTY_ROWS("emptyAndHugeRowsArrive"),
    ASCII_ONLY("namesOfAnyKindArrive"),
    MILLISECONDS("timesArrive"),
    FORGETS_CUSTOM_TAGS("tagsArrive"),
    WRITES_WHOLE_ENVELOPES("onlyTheRowsOfTheBatchArrive"),
    KNOWS_ROWS_BY_CONTENT("equalRowsAllArrive"),
    LOSES_A_FULL_BATCH_S_END("batchesOfAsManyRowsAsItTakesArrive"),
    REFUSES_MANY_BYTES("batchesOfAsManyBytesAsItTakesArrive"),
    SWALLOWS_LARGE_ROWS("aRowAboveTheLimitIsWrittenOrRefused"),
    KNOWS_ONE_THREAD("writesAtTheSameTimeAllArrive"),
    DOUBLES_WHAT_COMES_AGAIN("theSameBatchAgainIsOneCopyOrTwo"),
    BEGINS_ANEW("whatWasWrittenStaysAndMoreComes"),
    CANNOT_PROVISION("provisionsOrSaysThatItCannot"),
    CANNOT_DEFINE("takesDefinitionsOrSaysThatItCannot"),
    CANNOT_SYNC("takesSyncEventsOrSaysThatItCannot"),
    HANGS_ON_CLOSE("closesTwiceAndUnopened"),
    FAILS_ON_SECOND_CLOSE("closesTwiceAndUnopened"),
    SWALLOWS_INTERRUPTION("closesWhenItsThreadIsInterrupted"),
    LEAVES_A_THREAD("leavesNoThreadBehind"),
    REFUSES_WHEN_INTERRUPTED("anInterruptedWriteComesBack"),
    WRITTEN_WHEN_AWAY("aBackendThatIsAwayComesBack"),
    PAUSED_WHEN_AWAY("aBackendThatIsAwayComesBack"),
    NEVER_RECOVERS("aBackendThatIsAwayComesBack"),
    RETRIES_WHAT_MUST_BE_MENDED("aBackendToBeMendedPausesTheSink"),
    TELLS_THE_TOKEN("wrongCredentialsPauseTheSink"),
    IGNORES_RETRY_AFTER("aBusyBackendSaysWhenToComeAgain"),
    NEVER_TIMES_OUT("aHangingBackendIsGivenUp"),
    IGNORES_INTERRUPTION("aHangingWriteIsInterrupted"),
    NAMES_WRONG_ROWS("aBadRowIsRefusedAndTheOthersArrive"),
    NAMES_ROWS_THAT_ARE_NONE("aBadRowIsRefusedAndTheOthersArrive"),
    DROPS_BAD_ROWS("aBadRowIsRefusedAndTheOthersArrive"),
    RETRIES_WHAT_IS_TOO_LARGE("whatIsTooLargeForTheBackendIsHalved"),
    DROPS_ROWS_THAT_WAIT("rowsThatMustWaitAreNamed"),
    WRITTEN_WITHOUT_ANSWER("aLostAnswerMeansThatTheRowsComeAgain"),

    // the opposites: a sink with no capability and no fault but AWAY
    PLAIN_SECRET("wrongCredentialsPauseTheSink"),
    PLAIN_TIMEOUT("aHangingBackendIsGivenUp"),
    PLAIN_MAKES_UP_A_TIME("aBusyBackendSaysWhenToComeAgain"),
    PLAIN_REFUSES_A_ROW("aBadRowIsRefusedAndTheOthersArrive"),
    PLAIN_WRITES_HALF("rowsThatMustWaitAreNamed"),
    PLAIN_WRITES_AND_FAILS("aLostAnswerMeansThatTheRowsComeAgain"),
    PLAIN_PAUSES("aBackendThatIsAwayComesBack"),
    PLAIN_KEEPS_ONE_COPY("theSameBatchAgainIsOneCopyOrTwo"),
    PLAIN_OTHER_MESSAGE("provisionsOrSaysThatItCannot"),
    PLAIN_UNBREAKABLE("aBackendThatIsAwayComesBack"),

    /** Nothing is wrong, and everything can be shown. */
    NONE(""),
    /** Nothing is wrong, and hardly anything can be shown. */
    PLAIN("");

    private final String test;

    Flaw(String test) {
        this.test = test;
    }

    /** The test of the kit that must fail. */
    String test() {
        return test;
    }

    boolean isPlain() {
        return name().startsWith("PLAIN");
    }
}
