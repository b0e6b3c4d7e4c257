/**
 * Closes a run with what it covered: which databases the suites ran over, and the count on a line of its own.
 * Jest loads reporters outside its transforms, so this one is plain JavaScript.
 */
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    const { MONGODB_TEST_SERVER: command, MONGODB_TEST_URI: uri } = process.env;
    const stores = ['the embedded store'];
    if (command) stores.push('a MongoDB-protocol server that the tests start, kill and restart (MONGODB_TEST_SERVER)');
    if (uri) stores.push('the MongoDB of MONGODB_TEST_URI');
    const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = results;
    const broken = results.numRuntimeErrorTestSuites;
    process.stdout.write(`\nDatabases covered: ${stores.join(', ')}.\n`);
    if (!command && !uri)
      process.stdout.write('No MongoDB was given: set MONGODB_TEST_SERVER or MONGODB_TEST_URI to cover it.\n');
    process.stdout.write(`${passed} passed, ${failed + broken} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
  }
}
