export { lastOfEach, runsOf } from '@weft/event-store';
