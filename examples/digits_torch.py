"""A small convolutional network on handwritten digits: what are its modules worth, and the tricks of its training?"""

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

import trimma as tm


def network():
    """Three blocks for images of 8 x 8; all modules have names, which the study uses."""
    model = nn.Sequential()
    channels = 1
    for block, width in enumerate((16, 32, 32), start=1):
        model.add_module(f"conv{block}", nn.Conv2d(channels, width, 3, padding=1))
        model.add_module(f"norm{block}", nn.BatchNorm2d(width))
        model.add_module(f"relu{block}", nn.ReLU())
        channels = width
    model.add_module("pool", nn.MaxPool2d(2))
    model.add_module("drop", nn.Dropout(0.25))
    model.add_module("flat", nn.Flatten())
    model.add_module("head", nn.Linear(channels * 16, 10))
    return model


def train(data, model, split, seed, report, epochs=10, augment=True, decay=1e-2):
    """Report the accuracy on images that the network hasn't seen, after each epoch."""
    images, labels = data
    seen, unseen, seen_labels, unseen_labels = train_test_split(images, labels, test_size=0.4, random_state=split)
    chance = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():  # weights and dropout draw on the global numbers
        torch.manual_seed(seed)
        net = model()
        optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=decay)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
        for _ in range(epochs):
            net.train()
            for batch in torch.randperm(len(seen), generator=chance).split(64):
                shown = torch.from_numpy(seen[batch])
                if augment:
                    down, right = torch.randint(-1, 2, (2,), generator=chance).tolist()
                    shown = shown.roll((down, right), (2, 3))
                optimizer.zero_grad()
                nn.functional.cross_entropy(net(shown), torch.from_numpy(seen_labels[batch])).backward()
                optimizer.step()
            schedule.step()
            net.eval()
            with torch.no_grad():
                found = net(torch.from_numpy(unseen)).argmax(1)
            report(accuracy=(found == torch.from_numpy(unseen_labels)).float().mean())


def main(repeats=10, epochs=10, workers=None, report="digits.html"):
    """Leave out modules singly and in groups, augmentation, and weight decay."""
    images, labels = load_digits(return_X_y=True)
    study = tm.ablate(
        train,
        [
            tm.Layers("pool", "drop", adapt=True),
            tm.Layers(groups={"block3": ["conv3", "norm3", "relu3"], "normalisation": ["norm1", "norm2"]}),
            tm.Setting(augment=False, decay=0.0),
        ],
        config={"epochs": epochs},
        data=((images / 16).astype("float32").reshape(-1, 1, 8, 8), labels),
        model=network,
        maximize="accuracy",
        repeats=repeats,
        workers=workers,
        seed=0,
    )
    print(study)
    study.to_html(report)
    print(f"The report is in {report}.")
    return study


if __name__ == "__main__":
    main()
