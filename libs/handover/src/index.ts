export { type ControlMessage, type Offer, type OfferedSnapshot, decodeControl, decodeHeader, encodeControl, encodeHeader, type Header } from './messages';
export { type ControlSocket } from './control-socket';
export { HandoverFailed } from './handover-failed';
export { type HandoverArchive, sendInstance } from './source';
export { receiveInstance, type Receiver } from './sink';
export { controlOver, frameMessage, MessageSplitter } from './framed-control';
