import { checkAnswers } from './check-answers.ts';
import { checkSubscribers } from './check-subscribers.ts';
import { type History, type HistoryFault } from './history.ts';
import { indexJournal } from './journal-index.ts';

/**
 * Checks what clients sent and received, and the journals at the end, against the guarantees of the channel. Gives all
 * that is wrong; nothing for a history in which every promise was kept.
 */
export function checkHistory(history: History): HistoryFault[] {
  const faults: HistoryFault[] = [];
  const journals = new Map(
    history.campaigns.map(campaign => [campaign.campaignId, indexJournal(campaign, faults)] as const),
  );
  checkAnswers(history, journals, faults);
  checkSubscribers(history, journals, faults);
  checkSecrets(history, faults);
  return faults;
}

/** Whether anybody was sent the content of a campaign that they may not read, in whatever form. */
function checkSecrets({ entries, clients, campaigns }: History, faults: HistoryFault[]): void {
  for (const { campaignId, secret } of campaigns) {
    if (secret === undefined) continue;
    for (const entry of entries) {
      if (clients[entry.client]?.readable.includes(campaignId) === true) continue;
      const received = entry.kind === 'answer' ? entry.answer : entry.kind === 'frame' ? entry.frame : undefined;
      if (received !== undefined && JSON.stringify(received).includes(secret))
        faults.push({
          rule: 'secret',
          message: `${entry.client} was sent something of ${campaignId}: ${received.type}.`,
        });
    }
  }
}
