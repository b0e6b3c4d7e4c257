import { describeStores } from '../support/stores.ts';
import { collectionContract } from './collection.contract.ts';

describeStores('a collection', collectionContract);
